"""Sentences that say whether training used the sites of an evaluation."""

from collections.abc import Mapping


def unseen_sentences(unseen: Mapping[str, bool | None]) -> str:
    """Say which sites training did not use, and which it did.

    Args:
        unseen: for each title of images, True if training did not use their sites, False if it did, None if nobody
            stated it.

    Returns:
        sentences, about the titles where it was stated; empty if it was stated of none.
    """
    flags = set(unseen.values())
    if flags == {True}:
        return "Training did not use these sites."
    if flags == {False}:
        return "Training used these sites."
    sentences = []
    for flag, words in ((True, "Training did not use the sites of"), (False, "Training used the sites of")):
        titles = [f'"{title}"' for title, stated in unseen.items() if stated is flag]
        if titles:
            sentences.append(f"{words} {' and '.join(titles)}.")
    return " ".join(sentences)


def counted_sites(count: int, unseen: bool | None) -> str:
    """Return "11 unseen sites" where training did not use the sites, else "11 sites"."""
    return f"{count} {'unseen ' if unseen else ''}site{'' if count == 1 else 's'}"
