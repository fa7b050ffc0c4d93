"""Arrays with labels, of land with gaps."""

import numpy as np
import pytest

BANDS = ["B04", "B03", "B02", "B08"]


@pytest.fixture
def pixels():
    values = np.random.default_rng(0).random((4, 96, 100), np.float32) * 0.3
    values[:, 5:9, 30:40] = np.nan
    values[0, :3, :3] = np.nan
    return values


@pytest.fixture
def labelled():
    """Return a function that gives pixels, (bands, h, w), labels."""
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("rioxarray")

    def label(values, bands=tuple(BANDS), size_m=10):
        _, height, width = values.shape
        coordinates = {
            "band": list(bands),
            "y": 5_100_000 - size_m * (np.arange(height) + 0.5),
            "x": 600_000 + size_m * (np.arange(width) + 0.5),
        }
        made = xarray.DataArray(values, dims=("band", "y", "x"), coords=coordinates, attrs={"title": "moor"}, name="s2")
        return made.assign_coords(time=np.datetime64("2024-06-01")).rio.write_crs(32632)

    return label


@pytest.fixture
def array(pixels, labelled):
    return labelled(pixels)
