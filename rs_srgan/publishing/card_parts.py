"""The parts of a card: which of them rs_srgan wrote, and which a person wrote or edited, so that these stay.

The last line of a card is a comment that names every part that rs_srgan wrote, with a hash of its content. A part is a
section with its heading, or a key of the metadata. A part whose content has another hash was edited by hand.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import yaml

from rs_srgan.errors import InputError

# The section with everything that was measured; its figures belong to one fingerprint. It has the second heading beside
# a section of a person that has the first.
FIGURES, _OUR_FIGURES = "## Figures", "## Figures measured by rs_srgan"
_MEASURED = "model-index"
# Keys of the metadata that the Hub needs to load and find the model; those of another library would mislead it.
_OURS = ("library_name", "pipeline_tag")

_RECORD = re.compile(
    r"^<!-- rs_srgan wrote the parts with these hashes, about (\w*); edited parts stay:((?: \w+=\w+)*) -->\s*\Z", re.M
)
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*\n", re.S | re.M)
_HEADING = re.compile(r"#{1,6} ")
_FENCE = re.compile(r"\s*(```|~~~)")


@dataclass(frozen=True)
class Card:
    """A card, taken apart.

    Attributes:
        metadata: the YAML at the top, as text.
        sections: text by heading, in their order; the heading of text before the first one is empty.
        written: hash of every part that rs_srgan wrote, by the hash of its name; empty for a card without a record.
        about: the beginning of the fingerprint of the model whose figures rs_srgan wrote.
    """

    metadata: str
    sections: Mapping[str, str]
    written: Mapping[str, str]
    about: str

    @property
    def values(self) -> dict[str, object]:
        """The metadata by key.

        Raises:
            InputError: the metadata are not YAML with keys.
        """
        try:
            values = yaml.safe_load(self.metadata) or {}
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"The metadata at the top of README.md are not YAML ({reason:.200}). Correct it."
            ) from None
        if not isinstance(values, dict):
            raise InputError(f"The metadata at the top of README.md are {values!r:.80}; expected keys with values.")
        return values

    @property
    def by_hand(self) -> list[str]:
        """Headings of sections that a person wrote or edited."""
        return [
            heading
            for heading, text in self.sections.items()
            if text and self.written.get(_hash(heading)) != _hash(text)
        ]


def parse_card(text: str) -> Card:
    """Take a card apart."""
    text = text.replace("\r\n", "\n")
    record = _RECORD.search(text)
    if record:
        text = text[: record.start()]
    front = _FRONT.match(text)
    sections: dict[str, str] = {}
    for heading, section in _split(text[front.end() :] if front else text):
        name, count = heading, 1
        while name in sections:  # two sections of one heading
            count += 1
            name = f"{heading} {count}"
        sections[name] = section
    written = dict(pair.split("=") for pair in record[2].split()) if record else {}
    return Card(front[1] if front else "", sections, written, record[1] if record else "")


def with_record(text: str, fingerprint: str) -> str:
    """Add the record of what rs_srgan wrote to a card that it has just made.

    Args:
        text: the card, without a record.
        fingerprint: fingerprint of the model that the figures are about; empty without figures.
    """
    card = parse_card(text)
    parts = {_hash(heading): _hash(section) for heading, section in card.sections.items() if section}
    parts |= {_hash(key): _hash(repr(value)) for key, value in card.values.items()}
    return _text(card.metadata, card.sections.values(), parts, fingerprint[:12])


def merged(existing: str, new: str, replaced: Collection[str] = ()) -> str:
    """Return a new card with what people wrote into an existing one.

    Sections that people wrote, edited or removed stay so, and keys of the metadata that people set. Figures are those
    of the new card, unless both are about the same weights. Of a card that rs_srgan did not write, all sections stay,
    and only the figures are added, under another heading if the card has a section of that name. The library and the
    task are always those of the new card.

    Args:
        existing: the card that is there.
        new: a card of `with_record`, or of this function.
        replaced: headings, or keys of the metadata, that the new card decides.

    Raises:
        InputError: the metadata of the existing card are not YAML.
    """
    old, made = parse_card(existing), parse_card(new)
    if FIGURES in old.sections and _hash(FIGURES) not in old.written:
        made = _beside_figures(made)
    measured = _figures(made)
    same_weights = bool(old.written) and old.about == made.about
    kept = [heading for heading in old.by_hand if heading not in replaced]
    if not same_weights:
        stale = _figures(old)  # none that only people wrote
        kept = [heading for heading in kept if heading not in stale]
    sections: dict[str, str] = {}
    for heading, text in made.sections.items():
        own = made.written.get(_hash(heading)) == _hash(text)
        removed = own and heading not in old.sections and (not old.written or _hash(heading) in old.written)
        if heading in kept:
            sections[heading] = old.sections[heading]
        elif not removed or heading in measured or heading in replaced:
            sections[heading] = text
    for heading in kept:
        if heading not in sections:
            sections = _inserted(sections, heading, old.sections)
    values = _merged_values(old, made, replaced)
    metadata = next((card.metadata for card in (old, made) if card.values == values), None)
    if metadata is None:
        metadata = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return _text(metadata, sections.values(), made.written, made.about)


def _merged_values(old: Card, made: Card, replaced: Collection[str]) -> dict[str, object]:
    values, before = dict(made.values), old.values
    for key, value in before.items():
        by_hand = old.written.get(_hash(key)) != _hash(repr(value))
        if key == "tags" and by_hand and isinstance(value, list):
            own = values.get("tags")
            values["tags"] = [*value, *(tag for tag in own if tag not in value)] if isinstance(own, list) else value
        elif key not in (_MEASURED, "model_name", *_OURS, *replaced) and (
            by_hand or (key == "license" and key not in values)
        ):
            values[key] = value
    order = [*before, *(key for key in values if key not in before)]
    return {key: values[key] for key in order if key in values}


def _inserted(sections: dict[str, str], heading: str, order: Mapping[str, str]) -> dict[str, str]:
    """Return sections with one more, behind the one that it follows in `order`; first if it follows none."""
    names = list(order)
    before = [name for name in names[: names.index(heading)] if name in sections]
    found = {} if before else {heading: order[heading]}
    for name, text in sections.items():
        found[name] = text
        if before and name == before[-1]:
            found[heading] = order[heading]
    return found


def _beside_figures(made: Card) -> Card:
    """Return a new card that names its figures differently from a section of a person."""
    if _OUR_FIGURES in made.sections:
        return made
    sections, written = {}, dict(made.written)
    for heading, text in made.sections.items():
        if heading == FIGURES:
            written.pop(_hash(heading), None)
            heading, text = _OUR_FIGURES, text.replace(FIGURES, _OUR_FIGURES, 1)
            written[_hash(heading)] = _hash(text)
        sections[heading] = text
    return replace(made, sections=sections, written=written)


def _figures(card: Card) -> list[str]:
    """Return the headings of the section with the figures that rs_srgan wrote, and of those inside it."""
    found: list[str] = []
    for heading in card.sections:
        begins = heading in (FIGURES, _OUR_FIGURES) and _hash(heading) in card.written
        if begins or (found and heading.startswith("###")):
            found.append(heading)
        elif found:
            break
    return found


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Yield headings and their sections; a `#` in a block of code is no heading."""
    lines: list[str] = []
    heading, fenced = "", False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        if _HEADING.match(line) and not fenced:
            yield heading, "\n".join(lines).strip()
            heading, lines = line.strip(), []
        lines.append(line)
    yield heading, "\n".join(lines).strip()


def _text(metadata: str, sections: Collection[str], written: Mapping[str, str], about: str) -> str:
    pairs = "".join(f" {name}={content}" for name, content in written.items())
    record = f"<!-- rs_srgan wrote the parts with these hashes, about {about}; edited parts stay:{pairs} -->"
    front = f"---\n{metadata.strip()}\n---\n\n"
    return front + "\n\n".join([*(section for section in sections if section), record]) + "\n"


def _hash(text: str) -> str:
    """Return a short hash that does not depend on white space at the ends of lines."""
    return hashlib.sha256("\n".join(line.rstrip() for line in text.strip().splitlines()).encode()).hexdigest()[:8]
