"""JPEG 2000: boxes, the markers of the codestream and their fields, and packets.

Source: ISO/IEC 15444-1, annex A (markers) and annex I (boxes).
"""

from pathlib import Path
from random import Random

import numpy as np
import rasterio
from affine import Affine

from torture.fuzz.images import Images
from torture.fuzz.odd import INTEGERS, changed_bytes

# Markers with a length: SIZ, COD, COC, QCD, QCC, RGN, POC, TLM, PLT, COM, SOT.
_MARKERS = (0xFF51, 0xFF52, 0xFF53, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF55, 0xFF58, 0xFF64, 0xFF90)
# Boxes by name; some hold others.
_BOXES = (b"jP  ", b"ftyp", b"jp2h", b"ihdr", b"bpcc", b"colr", b"asoc", b"lbl ", b"xml ", b"uuid", b"jp2c", b"cdef")
_SIZ = 0xFF51


class _Jpeg2000(Images):
    def __init__(self, workspace: Path) -> None:
        super().__init__()
        kinds = ((64, "uint16"), (32, "uint16"), (32, "uint8"))
        self._whole = [_write(workspace / f"{block}{kind}.jp2", block, kind).read_bytes() for block, kind in kinds]
        self._whole.append(self._whole[0][self._whole[0].index(b"\xff\x4f\xff\x51") :])  # a bare codestream

    def write(self, random: Random, folder: Path) -> Path:
        path = folder / "image.jp2"
        out = bytearray(random.choice(self._whole))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            _break(random, out)
        path.write_bytes(changed_bytes(random, bytes(out)) if random.random() < 0.1 else bytes(out))
        return path


def joints(data: bytes) -> tuple[list[int], list[int]]:
    """Return the positions of markers with a length and of boxes' lengths in a valid file."""
    start = data.index(b"\xff\x4f")
    markers = [at for at in range(start, len(data) - 1) if int.from_bytes(data[at : at + 2], "big") in _MARKERS]
    found = (data.find(name) for name in _BOXES)
    return markers, [at - 4 for at in found if at >= 4]


def _break(random: Random, out: bytearray) -> None:
    try:
        markers, boxes = joints(bytes(out))
    except ValueError:  # an earlier change hid the codestream
        return
    odd = random.choice((*INTEGERS, len(out)))
    change = random.randrange(6)
    if change == 0 and boxes:
        at = random.choice(boxes) + random.choice((0, 0, 4, 8))
        out[at : at + 4] = (odd & 0xFFFFFFFF).to_bytes(4, "big")
    elif change <= 2 and markers:
        at = random.choice(markers)
        field = at + random.choice((2, 2, 4, *range(4, 48)))
        width = random.choice((1, 2, 4))
        out[field : field + width] = (odd & (256**width - 1)).to_bytes(width, "big")
    elif change == 3:  # sizes of the image, of its tiles, and their origins; the number of components
        at = next((at for at in markers if int.from_bytes(out[at : at + 2], "big") == _SIZ), 0)
        field = at + random.choice((6, 10, 14, 18, 22, 26, 30, 34))
        small = random.choice((odd, random.randrange(200)))
        out[field : field + 4] = (small & 0xFFFFFFFF).to_bytes(4, "big")
    elif change == 4 and markers:
        at = random.choice(markers)
        out[at : at + 2] = random.choice((*_MARKERS, 0xFFD9, 0xFF93, 0xFF4F, 0xFFFF)).to_bytes(2, "big")
    elif random.random() < 0.5:
        at = random.randrange(len(out))
        out[at : at + 64] = changed_bytes(random, bytes(out[at : at + 64]))
    else:
        del out[random.randrange(len(out)) :]


def _write(path: Path, block: int, number: str) -> Path:
    pixels = np.random.default_rng(0).integers(1, 250, (4, 40, 48)).astype(number)
    profile = {"driver": "JP2OpenJPEG", "count": 4, "height": 40, "width": 48, "dtype": number, "crs": "EPSG:32632"}
    place = Affine(10, 0, 600_000, 0, -10, 5_100_000)
    with rasterio.open(path, "w", transform=place, blockxsize=block, blockysize=block, RESOLUTIONS=3, **profile) as out:
        out.write(pixels)
    return path


def make_reader(workspace: Path) -> _Jpeg2000:
    """Return the reader."""
    return _Jpeg2000(workspace)
