"""The XML of a Sentinel-2 product: elements, numbers, entities, encodings and depth. The images beside it are whole."""

import copy
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import numpy as np

from tests.safe_builder import build_safe
from torture.fuzz.images import Images
from torture.fuzz.odd import FLOATS, INTEGERS, TEXTS, changed_bytes

_BANDS = (("B02", 10), ("B03", 10), ("B04", 10), ("B08", 10))
_BOMB = "".join(f'<!ENTITY e{level + 1} "{f"&e{level};" * 10}">' for level in range(9))
# Document types: entities that grow, that name files and addresses, and that name each other.
_TYPES = (
    f'<!DOCTYPE r [<!ENTITY e0 "ha">{_BOMB}]>',
    '<!DOCTYPE r [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE r [<!ENTITY e9 SYSTEM "http://127.0.0.1:9/x">]>',
    '<!DOCTYPE r [<!ENTITY e9 "&e8;"><!ENTITY e8 "&e9;">]>',
    '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">',
    '<!DOCTYPE r [<!ENTITY e9 "4.00"><!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>',
)
_ENCODINGS = ("utf-8", "UTF-16", "latin-1", "utf-7", "ascii", "cp1252", "no-such", "utf-32", "idna", "hex", "")
_DEEP = (1000, 100_000, 2_000_000)


def build_product(folder: Path) -> Path:
    """Write a small product with the four bands of 10 m, and return its folder."""
    pixels = np.random.default_rng(0).integers(1100, 4000, (4, 48, 48)).astype(np.uint16)
    return build_safe(folder, dict(zip(_BANDS, pixels, strict=True)), block_px=64)


class _SafeXml(Images):
    def __init__(self, workspace: Path) -> None:
        super().__init__()
        self._product = build_product(workspace)
        self._metadata = next(self._product.glob("MTD_*.xml"))
        self._whole = self._metadata.read_bytes()

    def write(self, random: Random, folder: Path) -> Path:
        place = folder / self._product.name
        place.mkdir()
        (place / "GRANULE").symlink_to(self._product / "GRANULE")
        (place / self._metadata.name).write_bytes(broken(random, self._whole))
        return place


def broken(random: Random, whole: bytes) -> bytes:
    """Return XML with changes of its tree, its text, or its bytes."""
    change = random.random()
    if change < 0.12:
        return changed_bytes(random, whole)
    text = whole.decode()
    if change < 0.65:
        text = '<?xml version="1.0" encoding="UTF-8"?>' + _changed_tree(random, text)
    if change > 0.55:
        text = _changed_text(random, text)
    encoding = random.choice(("utf-8",) * 6 + ("utf-16", "utf-8-sig", "latin-1", "utf-32"))
    return text.encode(encoding, "surrogatepass" if encoding.startswith("utf-8") else "replace")


def _changed_tree(random: Random, text: str) -> str:
    root = ElementTree.fromstring(text)
    for _ in range(random.choice((1, 1, 2, 3))):
        parents = [element for element in root.iter() if len(element)]
        parent = random.choice(parents)
        child = random.choice(list(parent))
        odd = str(random.choice((*INTEGERS[:26], *FLOATS, *TEXTS))).replace("\0", "\N{SYMBOL FOR NULL}")
        change = random.randrange(8)
        if change <= 2:
            child.text = odd
        elif change == 3 and child.attrib:
            child.set(random.choice(list(child.attrib)), odd)
        elif change == 4:
            parent.remove(child)
        elif change == 5:
            parent.extend([copy.deepcopy(child) for _ in range(random.choice((1, 2, 1000)))])
        elif change == 6:
            child.tag = random.choice((*(each.tag for each in root.iter()), "x", "Granule"))
        else:
            random.choice(parents).append(copy.deepcopy(child))
    return ElementTree.tostring(root, encoding="unicode")


def _changed_text(random: Random, text: str) -> str:
    change, head = random.randrange(7), '<?xml version="1.0" encoding="UTF-8"?>'
    if change == 0:
        named = text.replace("05.09", "&e9;", 1)
        return named.replace(head, head + random.choice(_TYPES), 1)
    if change == 1:
        return text.replace('encoding="UTF-8"', f'encoding="{random.choice(_ENCODINGS)}"', 1)
    if change == 2:
        at, depth = text.rindex("</"), random.choice(_DEEP)
        return text[:at] + "<a>" * depth + "</a>" * depth * random.randrange(2) + text[at:]
    if change == 3:
        at = random.randrange(len(text))
        return (
            text[:at]
            + random.choice((*TEXTS, "<![CDATA[", "<!--", "&#0;", "&#xD800;", "<", "]]>", "<?php ?>"))
            + text[at:]
        )
    if change == 4:
        return text[: random.randrange(len(text))]
    if change == 5:
        return text.replace(head, random.choice(("", " ", '<?xml version="1.1"?>', head + head)), 1)
    return text.replace("<", f"<{'x' * random.choice((1, 100_000))}:", 1)


def make_reader(workspace: Path) -> _SafeXml:
    """Return the reader."""
    return _SafeXml(workspace)
