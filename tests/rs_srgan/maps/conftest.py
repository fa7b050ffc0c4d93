"""An input of 60 x 80 pixels of 10 m and a result of 2.5 m, and the tests only where leafmap is installed."""

from importlib.util import find_spec

import numpy as np
import pytest
import rasterio

# the extra `maps`
collect_ignore_glob = [] if find_spec("leafmap") and find_spec("maplibre") else ["test_*.py"]

PLACE = {"crs": "EPSG:32632", "transform": rasterio.Affine(10, 0, 600_000, 0, -10, 5_100_000)}
BANDS = ("B04", "B03", "B02", "B08")


def land(height: int, width: int) -> np.ndarray:
    """Return DN (4, height, width), different in each pixel."""
    steps = np.arange(height * width).reshape(height, width) * 7919 % 3000
    return np.stack([1100 + steps, 1100 + steps[::-1], 1100 + steps[:, ::-1], 3000 + steps]).astype(np.uint16)


@pytest.fixture
def pair(write_tif):
    lr = land(60, 80)
    sr = lr.repeat(4, 1).repeat(4, 2)
    sr[:, :8, :8] = 0
    fine = PLACE | {"transform": PLACE["transform"] * rasterio.Affine.scale(0.25)}
    return (
        write_tif(lr, "it's <b>.tif", BANDS, nodata=0, **PLACE),
        write_tif(sr, "sr.tif", BANDS, nodata=0, **fine),
    )
