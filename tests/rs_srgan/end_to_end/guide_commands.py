"""The shell commands of README.md, the guides and the cards, and the files of the names that they use."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio

from rs_srgan import SISR, SISRConfig
from tests.conftest import scene_dn
from tests.rs_srgan.end_to_end.guide_code import PAGES, name_of
from tests.safe_builder import build_safe, zip_safe

# A block of shell commands. A comment before it states why the block cannot run in a test, or why the lines that begin
# with some words cannot: <!-- not run, pip install: needs a package index -->
_BLOCK = re.compile(
    r"(?P<case>^### [^\n]+\n\n)?(?:^<!-- not run(?:, (?P<words>[^:>]+))?: (?P<reason>[^>]+) -->\n)?"
    r"^```sh\n(?P<code>.*?)^```$",
    re.M | re.S,
)
# tests/train/end_to_end/test_guide_of_finetuning.py runs the blocks below the headings of this page.
_CASES = "docs/finetuning.md"
# Commands that take no more than seconds.
_QUICK = ("predict", "inspect", "evaluate", "map", "scenes", "plan", "models")
_SHELL = re.compile(r"^for |>>|^#!", re.M)

_COARSE = ("B05", "B06", "B07", "B8A", "B11", "B12")
RGBN, RGB = ("B04", "B03", "B02", "B08"), ("B04", "B03", "B02")
# In the boxes of the pages, UTM zone 32 north.
_CORNER = (650_000, 5_145_000)


@dataclass(frozen=True)
class Block:
    """A block of shell commands.

    Attributes:
        page: name of its page.
        code: its text.
        lines: its commands, without those that cannot run.
        reason: why it, or some of its lines, cannot run; None if all of it can.
    """

    page: str
    code: str
    lines: tuple[str, ...]
    reason: str | None

    @property
    def script(self) -> bool:
        """Whether it is more than a list of commands, so that only a shell can run it."""
        return bool(_SHELL.search(self.code))

    @property
    def quick(self) -> bool:
        words = [line.split() for line in self.lines]
        return not self.script and all(each[0] == "rs-srgan" and each[1] in _QUICK for each in words)


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page; those that another test runs have no lines."""
    found, name = [], name_of(page)
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        lines = [line.strip() for line in match["code"].replace("\\\n", " ").splitlines() if line.strip()]
        left_out = match["words"] or ("" if match["reason"] else None)
        case = match["case"] and name == _CASES
        runs = [line for line in lines if not case and (left_out is None or not line.startswith(left_out))]
        found.append(Block(name, match["code"], tuple(runs), match["reason"]))
    return found


def all_blocks() -> list[Block]:
    return [block for page in PAGES for block in blocks(page)]


def words_of(line: str) -> list[str]:
    """Return the words of a command without its comment."""
    return shlex.split(line, comments=True)


def write(path: Path, dn: np.ndarray, bands=RGBN, corner=_CORNER, gsd_m: float = 10) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = dn.shape
    grid = {"crs": "EPSG:32632", "transform": rasterio.transform.from_origin(*corner, gsd_m, gsd_m)}
    with rasterio.open(path, "w", "GTiff", width, height, count, dtype=dn.dtype, **grid) as out:
        out.write(dn)
        out.descriptions = bands


def write_pairs(folder: Path, scale: int = 4, bands=RGBN, dates: int = 1) -> None:
    """Write pairs of three places, 3 km apart; LR has 32 pixels a side, and a folder for each place if it has dates."""
    for place in range(3):
        corner = (_CORNER[0] + 3000 * place, _CORNER[1])
        hr = scene_dn(32 * scale, 32 * scale, len(bands), place)
        write(folder / "hr" / f"place{place}.tif", hr, bands, corner, 10 / scale)
        lr = hr.reshape(len(bands), 32, scale, 32, scale).mean((2, 4)).round().astype(np.uint16)
        for date in range(dates):
            name = f"place{place}/{2021 + date}.tif" if dates > 1 else f"place{place}.tif"
            write(folder / "lr" / name, lr + np.uint16(9 * date), bands, corner)


def _image(path: Path) -> None:
    write(path, scene_dn(40, 36, seed=len(path.stem)))


def _later(path: Path) -> None:
    write(path, scene_dn(40, 36) + np.uint16(int(path.stem[-1], 36)))


def _mask(path: Path) -> None:
    write(path, np.full((1, 40, 36), 4, np.uint8), ("SCL",) if "scl" in path.name else ("clear",))


def _product(path: Path) -> None:
    images = {(band, 10): scene_dn(48, 48, 1, at)[0] for at, band in enumerate(("B02", "B03", "B04", "B08"))}
    images |= {(band, 20): scene_dn(24, 24, 1, at)[0] for at, band in enumerate(_COARSE)}
    made = path.parent / "made"
    made.mkdir()
    product = build_safe(made, images, crs="EPSG:32632", corner=_CORNER)
    shutil.move(zip_safe(product) if path.suffix == ".zip" else product, path)
    shutil.rmtree(made)


def _high(path: Path) -> None:
    write(path / "T32TPS" / "field.tif", scene_dn(96, 96))


def _kelvin(path: Path) -> None:
    write(path, (270 + scene_dn(32, 32, 1).clip(0, 4000) / 100).astype(np.float32), ("thermal",))


def _model(path: Path, bands=RGBN, **options) -> None:
    SISR(SISRConfig(bands=bands, channels=16, blocks=1, **options)).save_pretrained(path)


def _field(path: Path) -> None:
    ring = [[10.905, 46.405], [10.912, 46.405], [10.912, 46.41], [10.905, 46.405]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))


def _list(path: Path) -> None:
    path.write_text("first.zip\n")
    _product(path.with_name("first.zip"))


# How a file is made, by its name in the pages.
_FILES: dict[str, Callable[[Path], None]] = {
    **dict.fromkeys(("scene.tif", "chip.tif", "place.tif"), _image),
    **dict.fromkeys(("may.tif", "june.tif", "july.tif", "20230810.tif", "20230815.tif", "20230820.tif"), _later),
    **dict.fromkeys(("july_clear.tif", "clear_15.tif", "20230820_scl.tif"), _mask),
    **dict.fromkeys(("S2B_MSIL2A_....zip", "S2B_MSIL2A_....SAFE", "MAY.SAFE", "JUNE.SAFE", "JULY.zip"), _product),
    **dict.fromkeys(("S2A_MSIL2A_20230810_....SAFE", "S2B_MSIL2A_20230815_....zip"), _product),
    **dict.fromkeys(("hr_images/", "own_images/"), _high),
    "place_x4.tif": lambda path: write(path, scene_dn(160, 144), gsd_m=2.5),
    "t.tif": _kelvin,
    "pairs/": write_pairs,
    "field.geojson": _field,
    "names.txt": lambda path: path.write_text("place0\n"),
    "*.zip": lambda path: _product(path.with_name("first.zip")),
    "products.txt": _list,
    "runs/finetune/model": _model,
}


def write_files(folder: Path, block: Block) -> None:
    """Write the files that the commands of a block read, into an empty folder."""
    for name, make in _FILES.items():
        if re.search(rf"(?<![\w./-]){re.escape(name)}", block.code) and f"-o {name}" not in block.code:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            make(path)
    if " t.tif" in block.code:
        _model(folder / "runs/finetune/model", ("thermal",), mtf_nyquist=(0.3,))
    if "FOLDER" in block.code:
        card = block.page.split("/")[-2] if block.page.startswith("hub_cards") else "sisr-x4-rgbn"
        if card == "sisr-x2-20m":
            for place in range(4):
                name = f"FOLDER/sentinel2/place{place}_10m.tif"
                write(folder / name, scene_dn(120, 120, 10, place), (*RGBN, *_COARSE), (500_000 + 9000 * place, 5e6))
            return
        scale, bands = int(re.search(r"-x(\d)", card)[1]), RGB if card.endswith("rgb") else RGBN
        write_pairs(folder / "FOLDER", scale, bands, dates=4 if card.startswith("misr") else 1)
