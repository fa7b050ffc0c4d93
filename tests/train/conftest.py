"""Fixture with a small data folder that has the layout of the real one."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.conftest import scene_dn

PLACES = [f"burgundy_{number}_{year}_10m.tif" for number in range(4) for year in (2017, 2018)]
FIRES = ["ca_fire_pre__CREEK.tif", "ca_fire_post__CREEK_20240726_post_fire.tif", "ca_fire_post__DEWEY_20240715.tif"]


@pytest.fixture
def small_data(tmp_path) -> Path:
    return make_small_data(tmp_path / "data")


def make_small_data(root: Path) -> Path:
    (root / "sentinel2").mkdir(parents=True)
    (root / "naip").mkdir()
    for seed, name in enumerate([*PLACES, *FIRES]):
        write(root / "sentinel2" / name, scene_dn(150, 140, seed=seed), ("B04", "B03", "B02", "B08"))
    split = {"train": {}, "val": {}}
    for number in range(6):
        name = f"bishop_2020_{number}.tif"
        write(root / "naip" / name, (scene_dn(128, 128, seed=number) / 30).astype(np.uint8), None)
        split["val" if number == 0 else "train"][f"bishop/{number}"] = [name]
    (root / "naip" / "split_by_location.json").write_text(json.dumps(split))
    return root


def write(path: Path, pixels: np.ndarray, bands) -> None:
    count, height, width = pixels.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=pixels.dtype,
        crs="EPSG:32632",
        transform=rasterio.transform.from_origin(6e5, 5e6, 10, 10),
    ) as out:
        out.write(pixels)
        if bands:
            out.descriptions = bands
