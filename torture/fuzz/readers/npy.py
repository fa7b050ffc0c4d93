"""NPY: the version, the length and the text of the header, and arrays that are shorter than it says.

Source: NumPy's documentation of its format.
"""

import struct
from pathlib import Path
from random import Random

import numpy as np

from torture.fuzz.images import Images
from torture.fuzz.odd import INTEGERS, TEXTS, changed_bytes

_TYPES = (
    *(
        "<u2",
        ">u2",
        "|u1",
        "<f4",
        "<f8",
        "<f2",
        "<c16",
        "<i8",
        "|O",
        "|S4",
        "<U9",
        "<M8[ns]",
        "|V3",
        "|b1",
        "u2,u2",
        "<f16",
    ),
    *("", "x", "<u99", "V4294967295", "(2,3)u2", "|V0", "<U0", "datetime64", "object", "int8\0"),
)


class _Npy(Images):
    def write(self, random: Random, folder: Path) -> Path:
        path = folder / "image.npy"
        path.write_bytes(_file(random))
        return path


def _file(random: Random) -> bytes:
    sides = [4, 20, 24]
    kind = random.choice(("<u2", "<f4", "|u1", *_TYPES)) if random.random() < 0.4 else "<u2"
    if random.random() < 0.4:
        sides[random.randrange(3)] = random.choice((*INTEGERS, 4, 5))
    if random.random() < 0.15:
        sides = random.choice(([], [4], sides * 2, sides * 40, sides[::-1], [1] * 33))
    shape = ", ".join(map(str, sides))
    if random.random() < 0.1:
        shape = random.choice(
            ("4.0, 2, 3", "'4', 20, 24", "None", "(4, 20), 24", "True, 20, 24", "-4, 20, 24", "(" * 300)
        )
    order = random.choice(("False", "False", "True", "1", "None"))
    text = _changed(random, f"{{'descr': {kind!r}, 'fortran_order': {order}, 'shape': ({shape}), }}")
    header = text.encode("utf-8", "replace")
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    version = random.choice(
        ((1, 0), (1, 0), (2, 0), (3, 0), (4, 0), (0, 0), (255, 255)) if random.random() < 0.2 else ((1, 0),)
    )
    length = len(header) if random.random() < 0.9 else random.choice(INTEGERS)
    packed = struct.pack("<I", length & 0xFFFFFFFF) if version[0] in (2, 3) else struct.pack("<H", length & 0xFFFF)
    pixels = np.random.default_rng(random.randrange(99)).integers(1, 4000, 4 * 20 * 24).astype("<u2").tobytes()
    if random.random() < 0.2:
        pixels = random.choice((b"", pixels[:100], pixels * 2, pixels[:-1], b"\xff" * len(pixels)))
    data = b"\x93NUMPY" + bytes(version) + packed + header + pixels
    return changed_bytes(random, data) if random.random() < 0.2 else data


def _changed(random: Random, text: str) -> str:
    change = random.random()
    if change < 0.05:
        return text.replace("'shape'", random.choice(("'shap'", "'descr'", "1", "shape", "'shape': (4,), 'shape'")), 1)
    if change < 0.10:
        at = random.randrange(len(text))
        return (
            text[:at] + random.choice((*TEXTS, "(" * 5000, "[" * 100, "{", "lambda: 0", "__import__('os')")) + text[at:]
        )
    if change < 0.13:
        return random.choice(
            ("", "None", "{}", "[]", "{" * 90, "0" * 9000, "'" * 3, "1+1j", "-" * 9000 + "1", "'a' * 10**9")
        )
    return text


def make_reader(workspace: Path) -> _Npy:
    """Return the reader."""
    return _Npy()
