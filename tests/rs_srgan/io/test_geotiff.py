import os

import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan import InputError
from rs_srgan.io.geotiff import GeoTiffWriter, check_target
from rs_srgan.io.raster import Grid
from rs_srgan.radiometry import Encoding
from rs_srgan.tiling import Window

GRID = Grid(300, 500, rasterio.CRS.from_epsg(32632), Affine(2.5, 0, 6e5, 0, -2.5, 5e6))
DN = Encoding("uint16", (1e-4,), (0.0,), 0)


def test_blocks_written_apart_make_one_image(tmp_path):
    pixels = np.random.default_rng(0).integers(1, 9_999, (1, 300, 500), np.uint16)
    with GeoTiffWriter(tmp_path / "out.tif", GRID, DN, ["B04"], {"A": "b"}) as out:
        assert not (tmp_path / "out.tif").exists()
        for row in range(0, 300, 100):
            for col in range(0, 500, 250):
                out.write(Window(row, col, 100, 250), pixels[:, row : row + 100, col : col + 250])
    with rasterio.open(tmp_path / "out.tif") as result:
        np.testing.assert_array_equal(result.read(), pixels)
        assert result.tags()["A"] == "b"
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


def test_an_exception_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), GeoTiffWriter(tmp_path / "out.tif", GRID, DN, ["B04"], {}):
        1 / 0
    assert not list(tmp_path.iterdir())


def test_the_result_is_as_readable_as_other_files(tmp_path):
    before = os.umask(0o022)
    try:
        with GeoTiffWriter(tmp_path / "out.tif", GRID, DN, ["B04"], {}):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "out.tif").stat().st_mode & 0o777 == 0o644


def test_targets_that_cannot_be_written_are_refused_before_the_work(tmp_path):
    source = tmp_path / "in.tif"
    source.write_text("x")
    for target, words in (
        (source, "is the input"),
        (tmp_path / "out.png", "is no GeoTIFF"),
        (tmp_path / "no" / "out.tif", "does not exist"),
    ):
        with pytest.raises(InputError, match=words):
            check_target(target, source, overwrite=True)
    (tmp_path / "d.tif").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        check_target(tmp_path / "d.tif", source, overwrite=True)


def test_through_a_link_the_file_is_replaced_and_the_link_stays(tmp_path):
    real = tmp_path / "real.tif"
    real.write_text("old")
    link = tmp_path / "link.tif"
    link.symlink_to(real)
    assert check_target(link, tmp_path / "in.tif", overwrite=True) == real
    with pytest.raises(InputError, match="exists"):
        check_target(link, tmp_path / "in.tif", overwrite=False)


def test_a_name_as_long_as_names_can_be(tmp_path):
    target = tmp_path / ("a" * 251 + ".tif")
    with GeoTiffWriter(target, GRID, DN, ["B04"], {}):
        pass
    assert target.exists()


def test_an_output_that_no_geotiff_can_hold_is_refused(tmp_path):
    with pytest.raises(InputError, match="a GeoTIFF holds"):
        GeoTiffWriter(tmp_path / "out.tif", Grid(4, 2**31, None, Affine.identity()), DN, ["B04"], {})


def test_a_link_to_the_input_is_the_input(tmp_path):
    source = tmp_path / "in.tif"
    source.write_text("x")
    (tmp_path / "link.tif").symlink_to(source)
    with pytest.raises(InputError, match="is the input"):
        check_target(tmp_path / "link.tif", source, overwrite=True)
