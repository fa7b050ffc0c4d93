"""The files of a push, merged with what people wrote on the Hub."""

import logging
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.figures.metrics import METRICS_FILE, read_metrics
from rs_srgan.hub.files import CONFIG_FILE, WEIGHTS_FILE, has_hash
from rs_srgan.hub.repository import Repository
from rs_srgan.publishing.about import ABOUT_FILE, About, format_about, parse_about
from rs_srgan.publishing.card import CARD_FILE, PICTURE_SUFFIXES, PICTURES_FOLDER, read_card, render
from rs_srgan.publishing.card_parts import merged
from rs_srgan.publishing.training_file import TRAINING_FILE

logger = logging.getLogger(__name__)


@dataclass
class Staged:
    """What a push sends.

    Attributes:
        files: paths on the disk by their paths in the repository.
        removed: paths in the repository of files that belong to other weights.
        replaced_folder: folder of the repository whose other files go; None for no folder.
        about: the texts of the card.
    """

    files: dict[str, Path]
    about: About = field(default_factory=About)
    removed: list[str] = field(default_factory=list)
    replaced_folder: str | None = PICTURES_FOLDER


def stage(
    files: dict[str, Path],
    there: Repository,
    fingerprint: str,
    folder: Path,
    own: About,
    name: str,
    replaced: Collection[str] = (),
) -> Staged:
    """Merge the files of a model with those of a repository.

    Texts and edited sections on the Hub stay where the model's own files say nothing else. Figures stay only with the
    weights that they belong to.

    Args:
        files: files of the model by their paths in the repository, see `contents`.
        there: the repository as it is.
        fingerprint: fingerprint of the model.
        folder: an empty folder for what is written new.
        own: the texts of the model.
        name: the model's name on its card.
        replaced: headings of the card that the model's own texts decide, whatever was edited on the Hub.

    Raises:
        InputError: a file on the Hub is damaged.
    """
    staged = Staged(dict(files))
    about = staged.about = _stage_about(staged, there, own, folder)
    pictures = _stage_figures(staged, there, fingerprint, folder)
    if TRAINING_FILE in there.hashes and TRAINING_FILE not in files and not _same_weights(files, there):
        staged.removed.append(TRAINING_FILE)
    for part in (CONFIG_FILE, TRAINING_FILE):
        if part in files:
            shutil.copyfile(files[part], folder / part)
    card = render(folder, about=about, name=name, pictures=pictures)
    if (theirs := there.read(CARD_FILE)) is not None:
        card = merged(_text(theirs, there.id), card, replaced)
    if CARD_FILE in files:
        card = merged(read_card(files[CARD_FILE]), card)
    staged.files[CARD_FILE] = folder / CARD_FILE
    staged.files[CARD_FILE].write_text(card, encoding="utf-8")
    return staged


def has_figures(path: Path | None, fingerprint: str) -> bool:
    """Return whether a metrics.json holds figures of the model with that fingerprint; False without a file."""
    if path is None:
        return False
    try:
        return read_metrics(path).fingerprint == fingerprint
    except InputError:
        return False


def _stage_about(staged: Staged, there: Repository, own: About, folder: Path) -> About:
    path = there.file(ABOUT_FILE)
    theirs = About() if path is None else parse_about(path.read_bytes(), f"{ABOUT_FILE} of {there.id}")
    about = own.over(theirs)
    if path is not None and about == theirs:
        staged.files[ABOUT_FILE] = path  # with its comments
    elif about != own or (ABOUT_FILE not in staged.files and about != About()):
        staged.files[ABOUT_FILE] = folder / ABOUT_FILE
        staged.files[ABOUT_FILE].write_text(format_about(about), encoding="utf-8")
    return about


def _stage_figures(staged: Staged, there: Repository, fingerprint: str, folder: Path) -> list[str]:
    """Keep the figures of these weights, and return the paths of the pictures in the repository."""
    path = staged.files.get(METRICS_FILE)
    if path is not None and not has_figures(path, fingerprint):
        logger.warning("%s is not sent: its figures are those of other weights.", METRICS_FILE)
        pictures = [name for name in staged.files if name.startswith(f"{PICTURES_FOLDER}/")]
        for name in (METRICS_FILE, *pictures):
            del staged.files[name]
        path = None
    if path is not None:
        shutil.copyfile(path, folder / METRICS_FILE)
    elif (theirs := there.file(METRICS_FILE)) is not None:
        if has_figures(theirs, fingerprint):
            shutil.copyfile(theirs, folder / METRICS_FILE)
            staged.replaced_folder = None
        else:
            logger.warning("%s of %s is removed: its figures are those of other weights.", METRICS_FILE, there.id)
            staged.removed.append(METRICS_FILE)
    names = set(staged.files) | (set(there.hashes) if staged.replaced_folder is None else set())
    return sorted(name for name in names if name.startswith(f"{PICTURES_FOLDER}/") and name.endswith(PICTURE_SUFFIXES))


def _same_weights(files: dict[str, Path], there: Repository) -> bool:
    parts = (CONFIG_FILE, WEIGHTS_FILE)
    return all(part in there.hashes and has_hash(files[part], there.hashes[part]) for part in parts)


def _text(content: bytes, repo: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InputError(f"{CARD_FILE} of {repo} is not text in UTF-8. Save it as UTF-8 on the Hub.") from None
