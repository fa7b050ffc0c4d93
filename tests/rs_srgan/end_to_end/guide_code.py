"""The Python code of README.md, the guides and the cards, with the files that it reads."""

import re
import shutil
from pathlib import Path

import rasterio

from rs_srgan.evaluation import evaluate, save_report
from tests.conftest import scene_dn
from tests.rs_srgan.hub.server import OWNER, HubLookalike, Repo
from tests.safe_builder import build_safe

ROOT = Path(__file__).parents[3]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "app/README.md", *ROOT.glob("hub_cards/*/README.md")]
# A block of Python. A comment before it states why it cannot run in a test.
_BLOCK = re.compile(r"(?:<!-- not run: (?P<reason>[^>]+) -->\n)?^```python\n(?P<code>.*?)^```$", re.M | re.S)
# Names that the pages leave to the reader.
START = """\
from dataclasses import replace

import numpy as np
import rasterio
import torch
import xarray

from rs_srgan import *
from rs_srgan.sensors import LANDSAT_OLI, SENSORS, Band

random = np.random.default_rng(0)
reflectance = random.uniform(0.05, 0.3, (BANDS, 16, 14)).astype("float32")
guide = random.uniform(0.05, 0.3, (4, 32, 28)).astype("float32")
panchromatic = guide[:1]
images = first, second, third = [reflectance] * 3
clear = [None, np.ones((16, 14), bool), None]
model = SISR.from_pretrained("runs/finetune/model")
"""
_PRODUCTS = ("S2B_MSIL2A_....SAFE", "may.SAFE", "june.SAFE", "july.SAFE")


def blocks(page: Path) -> list[tuple[str, str | None]]:
    """Return the code of a page's blocks of Python, each with the reason why it cannot run, or None."""
    return [(found["code"], found["reason"]) for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def pages_that_run() -> list[Path]:
    return [page for page in PAGES if any(reason is None for _, reason in blocks(page))]


def code_of(page: Path) -> str:
    """Return one script of all blocks of a page that can run."""
    code = "\n".join(code for code, reason in blocks(page) if reason is None).replace("hf_...", OWNER)
    bands = {"evaluation": 3, "glp": 6, "sisr-x2-20m": 6, "srresnet-srgan-x4-rgb": 3}
    given = bands.get(page.stem, bands.get(page.parent.name, 4))
    return f"BANDS = {given}\n{START}\n{code}"


def write_files(folder: Path, model_folder: Path, write_tif, hub: HubLookalike) -> None:
    """Write the files that the pages read, and a private repository with a branch v2."""
    write_tif(scene_dn(40, 36))
    images = {(band, 10): scene_dn(48, 48, 1, at)[0] for at, band in enumerate(("B02", "B03", "B04", "B08"))}
    coarse = ("B05", "B06", "B07", "B8A", "B11", "B12")
    images |= {(band, 20): scene_dn(24, 24, 1, at)[0] for at, band in enumerate(coarse)}
    product = build_safe(folder, images)
    for name in _PRODUCTS:
        shutil.copytree(product, folder / name)
    shutil.rmtree(product)
    (image,) = (folder / "july.SAFE").rglob("*B02_10m.jp2")
    with rasterio.open(image) as raster:
        grid = {"crs": raster.crs, "transform": raster.transform}
    write_tif(scene_dn(48, 48, seed=1), "july.tif", **grid)
    (folder / "products").mkdir()
    write_tif(scene_dn(20, 20), "products/first.tif")
    write_tif(scene_dn(20, 20), "chip_x4.tif")
    site = folder / "hr_images" / "T33TWL"
    site.mkdir(parents=True)
    write_tif(scene_dn(96, 96), "hr_images/T33TWL/field.tif")
    shutil.copytree(model_folder, folder / "runs" / "finetune" / "model")
    save_report(
        evaluate(folder / "hr_images", folder / "runs" / "finetune" / "model", pictures=0), folder / "own_pairs"
    )
    files = {path.name: path.read_bytes() for path in model_folder.iterdir()}
    repo = hub.repos["organisation/spot-x4"] = Repo(private=True)
    for branch in ("main", "v2"):
        repo.commit(branch, files, "first")
