import errno

import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.blocks import COMPRESSIONS
from rs_srgan.writing.cog import write_cog
from rs_srgan.writing.geotiff import GeoTiffWriter

GRID = Grid(300, 500, rasterio.CRS.from_epsg(32632), Affine(2.5, 0, 6e5, 0, -2.5, 5e6))
BASELINE_4 = Encoding("uint16", (1e-4,), (-0.1,), 0, tagged=True)


def write_plain(path, height, width):
    """Write random pixels as a plain GeoTIFF and return them."""
    grid = Grid(height, width, GRID.crs, GRID.transform)
    pixels = np.random.default_rng(0).integers(1, 9_999, (1, height, width), np.uint16)
    out = GeoTiffWriter(path, grid, BASELINE_4, ["B04"], {"A": "b"}, block=256)
    out.write(Window(0, 0, height, width), pixels)
    out.settle()
    out.close()
    return pixels


def test_a_cog_has_overviews_and_the_same_pixels(tmp_path):
    pixels = write_plain(tmp_path / "a.tif", 1200, 1500)
    for compress in COMPRESSIONS:
        write_cog(tmp_path / "a.tif", tmp_path / "cog.tif", compress)
        with rasterio.open(tmp_path / "cog.tif") as cog:
            np.testing.assert_array_equal(cog.read(), pixels)
            assert cog.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert cog.overviews(1) == [2, 4]
            assert cog.offsets == (-0.1,)
            assert cog.descriptions == ("B04",)
            assert cog.tags()["A"] == "b"
            mean = cog.read(1, out_shape=(600, 750))
            np.testing.assert_allclose(mean, pixels[0].reshape(600, 2, 750, 2).mean((1, 3)), atol=1)


def test_a_disk_with_too_little_space_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    write_plain(tmp_path / "a.tif", 300, 300)
    free = (tmp_path / "a.tif").stat().st_size * 3 // 2
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    with pytest.raises(OSError, match="overviews") as caught:
        write_cog(tmp_path / "a.tif", tmp_path / "cog.tif", "zstd")
    assert caught.value.errno == errno.ENOSPC
    assert not (tmp_path / "cog.tif").exists()
