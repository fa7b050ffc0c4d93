"""TIFF files with broken directories: tags, types, counts, offsets, block tables and compressed blocks.

Source: TIFF 6.0, section 2; the BigTIFF design of the LibTIFF maintainers.
"""

import struct
from dataclasses import dataclass
from random import Random

from torture.fuzz.odd import INTEGERS, TEXTS, changed_bytes

# Bytes of each type, by its number.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_OFFSETS_AND_COUNTS = (273, 279, 324, 325)
_DOUBLES = (0.0, -1.0, 1e-300, 1e300, float("nan"), float("inf"), 180.0, 5e6)
_MOST_DIRECTORIES = 20


@dataclass(frozen=True)
class Entry:
    """An entry of a directory.

    Attributes:
        at: position of the entry in the file.
        tag: number of the tag.
        kind: number of the type.
        count: number of values.
        values_at: position of the values in the file.
    """

    at: int
    tag: int
    kind: int
    count: int
    values_at: int


@dataclass(frozen=True)
class _Layout:
    """Widths and byte order of a file: TIFF or BigTIFF."""

    order: str
    big: bool

    def number(self, data: bytes, at: int, width: int) -> int:
        return int.from_bytes(data[at : at + width], "little" if self.order == "<" else "big")

    def put(self, data: bytearray, at: int, width: int, value: int) -> None:
        """Write a number that is cut to its width; positions behind the end are left alone."""
        if 0 <= at <= len(data) - width:
            data[at : at + width] = (value & (256**width - 1)).to_bytes(width, "little" if self.order == "<" else "big")


def _layout(data: bytes) -> _Layout:
    return _Layout("<" if data[:2] == b"II" else ">", data[2:4] in (b"+\0", b"\0+"))


def entries(data: bytes) -> tuple[list[Entry], list[int]]:
    """Return the entries of all directories of a valid file, and the positions of the pointers to directories."""
    layout = _layout(data)
    head, size, pointer = (8, 20, 8) if layout.big else (2, 12, 4)
    link = 8 if layout.big else 4
    found, links = [], [link]
    while (at := layout.number(data, link, pointer)) and len(links) < _MOST_DIRECTORIES:
        number = layout.number(data, at, head)
        for place in range(at + head, at + head + size * number, size):
            tag, kind = layout.number(data, place, 2), layout.number(data, place + 2, 2)
            count, inside = layout.number(data, place + 4, pointer), place + 4 + pointer
            long = _SIZES.get(kind, 1) * count > pointer
            found.append(Entry(place, tag, kind, count, layout.number(data, inside, pointer) if long else inside))
        link = at + head + size * number
        links.append(link)
    return found, links


def broken(random: Random, data: bytes) -> bytes:
    """Return a valid TIFF with one to three changes at its joints; sometimes with changed bytes, too."""
    out = bytearray(data)
    found, links = entries(data)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        _break(random, out, found, links)
    if random.random() < 0.1:
        return changed_bytes(random, bytes(out))
    return bytes(out)


def _break(random: Random, out: bytearray, found: list[Entry], links: list[int]) -> None:
    layout = _layout(bytes(out[:4]))
    pointer = 8 if layout.big else 4
    entry = random.choice(found)
    some = random.choice((*INTEGERS, len(out), len(out) - 1, entry.at, entry.values_at))
    change = random.randrange(9)
    if change == 0:
        layout.put(out, entry.at, 2, random.choice((*(each.tag for each in found), some)))
    elif change == 1:
        layout.put(out, entry.at + 2, 2, random.choice((*_SIZES, 0, 14, 15, 255, 65_535)))
    elif change == 2:
        layout.put(out, entry.at + 4, pointer, random.choice((some, entry.count + 1, entry.count - 1, 0)))
    elif change == 3:
        layout.put(out, entry.at + 4 + pointer, pointer, some)
    elif change == 4:
        tables = [each for each in found if each.tag in _OFFSETS_AND_COUNTS]
        _break_values(random, out, layout, random.choice(tables or found))
    elif change == 5:
        _break_values(random, out, layout, entry)
    elif change == 6:
        layout.put(
            out, random.choice(links), pointer, random.choice((some, layout.number(bytes(out), links[0], pointer)))
        )
    elif change == 7:
        _break_block(random, out, layout, found)
    elif random.random() < 0.5:
        del out[random.randrange(len(out)) :]
    else:
        layout.put(out, 0, 8, random.getrandbits(64))


def _break_values(random: Random, out: bytearray, layout: _Layout, entry: Entry) -> None:
    """Change one value of an entry, or all, to odd ones of its own type."""
    width = _SIZES.get(entry.kind, 1)
    which = random.randrange(max(1, min(entry.count, 4000)))
    if entry.kind == 2:
        text = random.choice(TEXTS).encode("utf-8", "replace")[: max(1, entry.count)].ljust(entry.count, b"\0")
        if entry.values_at + len(text) <= len(out):
            out[entry.values_at : entry.values_at + len(text)] = text
        return
    for index in range(entry.count) if random.random() < 0.1 and entry.count < 4000 else (which,):
        at = entry.values_at + index * width
        if entry.kind in (11, 12) and at + width <= len(out):
            out[at : at + width] = struct.pack(layout.order + ("f" if width == 4 else "d"), random.choice(_DOUBLES))
        else:
            layout.put(out, at, width, random.choice((*INTEGERS, len(out), 32_773, 50_001, 34_887, 34_712)))


def _break_block(random: Random, out: bytearray, layout: _Layout, found: list[Entry]) -> None:
    """Change bytes inside a compressed block."""
    tables = [each for each in found if each.tag in (273, 324) and each.count]
    if not tables:
        return
    table = random.choice(tables)
    width = _SIZES.get(table.kind, 4)
    at = layout.number(bytes(out), table.values_at + random.randrange(table.count) * width, width)
    if at < len(out):
        length = min(random.choice((8, 64, 512)), len(out) - at)
        out[at : at + length] = changed_bytes(random, bytes(out[at : at + length]))[:length].ljust(length, b"\xff")
