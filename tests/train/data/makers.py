"""Makers of small files in the formats that training reads."""

import csv
import json
import zlib
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image

from rs_srgan.reading.dates import before_date
from tests.conftest import scene_dn
from tests.train.conftest import write
from train.data.pairs import PairFolderDataModule

RGB = ("B04", "B03", "B02")
RGBN = (*RGB, "B08")


def photographs(folder: Path, count: int = 12, side: int = 80) -> Path:
    folder.mkdir(parents=True)
    for seed in range(count):
        pixels = (scene_dn(side, side + seed, bands=3, seed=seed).astype(float) / 30).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels.transpose(1, 2, 0)).save(folder / f"{seed}.{'jpg' if seed % 2 else 'png'}")
    return folder


def coarse(dn: np.ndarray, scale: int = 4) -> np.ndarray:
    count, height, width = dn.shape
    blocks = dn.reshape(count, height // scale, scale, width // scale, scale)
    return blocks.mean((2, 4)).round().astype(dn.dtype)


def write_at(path: Path, pixels: np.ndarray, bands, place: str, gsd_m: float = 2.5) -> None:
    """Write a file with coordinates; every place has its own ground."""
    write(path, pixels, bands)
    row, col = divmod(zlib.crc32(place.encode()) % 100_000, 300)
    with rasterio.open(path, "r+") as out:
        out.transform = rasterio.transform.from_origin(2e5 + 2000 * col, 4e6 + 2000 * row, gsd_m, gsd_m)


def pair_folder(root: Path, count: int = 6, bands=("B04", "B03", "B02", "B08"), names=None, side: int = 128) -> Path:
    """Write pairs with `side` HR pixels; by default LR is as large as the crops of finetune.yaml."""
    (root / "hr").mkdir(parents=True)
    (root / "lr").mkdir()
    for seed in range(count):
        dn = scene_dn(side, side, bands=len(bands), seed=seed)
        name = names[seed] if names else f"place{seed}"
        write_at(root / "hr" / f"{name}.tif", dn, bands, before_date(name))
        write_at(root / "lr" / f"{name}.tif", coarse(dn), bands, before_date(name), 10)
    return root


def pair_module(root: Path, **options) -> PairFolderDataModule:
    """Return a data module with three steps of two crops of 8 LR pixels, set up."""
    data = PairFolderDataModule(str(root), crop_lr_px=8, batch_size=2, steps_per_epoch=3, **options)
    data.setup("fit")
    return data


def index(folder: Path, count: int = 8, dates: int = 4, bands=RGB) -> Path:
    """Write a table like that of SPOT-6: HR in 8 bits, LR in DN at several dates, three kinds of land cover."""
    folder.mkdir(parents=True)
    with (folder / "index.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["site", "hr", "lr", "hr_date", "lr_dates", "land_cover"])
        for seed in range(count):
            dn = scene_dn(128, 128, bands=len(bands), seed=seed)
            write_at(folder / f"hr{seed}.tif", (dn / 20).clip(0, 255).astype(np.uint8), bands, f"site{seed}")
            views = []
            for date in range(dates):
                write_at(folder / f"lr{seed}_{date}.tif", coarse(dn) + np.uint16(7 * date), bands, f"site{seed}", 10)
                views.append(f"lr{seed}_{date}.tif")
            days = [f"2022-08-{10 + 3 * date:02}" for date in range(dates)]
            cover = ("fields", "fields", "town", "forest")[seed % 4]
            out.writerow([f"site{seed}", f"hr{seed}.tif", ";".join(views), "2022-08-11", ";".join(days), cover])
    return folder / "index.csv"


def edit_table(path, change):
    """Change the rows of a CSV table, a list of dictionaries."""
    with path.open() as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)
    return path


def native_entry(place: str, file: str = "", bands=RGBN, date: str = "2019-05-01", **changes) -> dict[str, object]:
    """Return an entry of the manifest of images on the sensor's grid."""
    entry = {"file": file or f"{place}_10m_rgbn.tif", "split": place, "group": place, "date": date}
    return entry | {"gsd_m": 10, "bands": list(bands), "nn_resampled": False} | changes


def native_folder(root: Path, files, folder: str = "sentinel2_native") -> Path:
    """Write a folder of images on the sensor's grid: pairs of an entry and its DN. Return the data folder."""
    (root / folder).mkdir(parents=True)
    for entry, dn in files:
        write(root / folder / entry["file"], dn, entry["bands"])
    (root / folder / "manifest.json").write_text(json.dumps([entry for entry, _ in files]))
    return root
