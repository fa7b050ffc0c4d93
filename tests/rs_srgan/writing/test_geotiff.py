import os

import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan import InputError
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.geotiff import COMPRESSIONS, GeoTiffWriter, block_px, check_target, whole_blocks, write_cog

GRID = Grid(300, 500, rasterio.CRS.from_epsg(32632), Affine(2.5, 0, 6e5, 0, -2.5, 5e6))
DN = Encoding("uint16", (1e-4,), (0.0,), 0)
BASELINE_4 = Encoding("uint16", (1e-4,), (-0.1,), 0, tagged=True)


def writer(path, **options):
    return GeoTiffWriter(path, GRID, DN, ["B04"], {"A": "b"}, block=64, **options)


def windows(rows=128, cols=192):
    return [
        Window(row, col, min(rows, 300 - row), min(cols, 500 - col))
        for row in range(0, 300, rows)
        for col in range(0, 500, cols)
    ]


def cut(pixels, window):
    return pixels[:, *window.slices]


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(1, 9_999, (1, 300, 500), np.uint16)


@pytest.mark.parametrize("compress", ["zstd", "deflate", "none"])
def test_windows_written_apart_make_one_image(tmp_path, pixels, compress):
    out = writer(tmp_path / "out.tif", compress=compress)
    for window in windows():
        out.write(window, cut(pixels, window))
    out.settle()
    out.close()
    with rasterio.open(tmp_path / "out.tif") as result:
        np.testing.assert_array_equal(result.read(), pixels)
        assert result.tags()["A"] == "b"
        assert result.profile.get("compress", "none") == compress


@pytest.mark.parametrize("settled", [1, 5])
def test_what_was_settled_survives_and_what_was_not_is_written_again(tmp_path, pixels, settled):
    """As if the process had died: nothing is closed, nor entered into the directory."""
    path = tmp_path / "out.tif"
    out = writer(path)
    for index, window in enumerate(windows()):
        if index == settled:
            out.settle()
        if index < settled + 2:
            out.write(window, cut(pixels, window))
    os.close(out._file.fileno())
    with pytest.raises(OSError):
        out.close()
    size = path.stat().st_size
    again = writer(path, exists=True)
    assert path.stat().st_size < size
    for window in windows()[settled:]:
        again.write(window, cut(pixels, window))
    again.settle()
    again.close()
    whole = writer(tmp_path / "whole.tif")
    for window in windows():
        whole.write(window, cut(pixels, window))
    whole.settle()
    whole.close()
    assert path.read_bytes() == (tmp_path / "whole.tif").read_bytes()


def test_each_block_is_in_the_file_once(tmp_path, pixels):
    """Uncompressed, the file is its blocks and a little more."""
    out = writer(tmp_path / "out.tif", compress="none")
    for window in windows():
        out.write(window, cut(pixels, window))
    out.settle()
    out.close()
    blocks = 5 * 8 * 64 * 64 * 2
    assert 0 < (tmp_path / "out.tif").stat().st_size - blocks < 5_000


@pytest.mark.parametrize(("tile_px", "whole", "block"), [(1, 16, 16), (48, 48, 48), (256, 256, 256), (300, 512, 256)])
def test_tiles_are_rounded_up_to_whole_blocks(tile_px, whole, block):
    assert whole_blocks(tile_px) == whole
    assert block_px(whole) == block
    assert whole % block == 0


def test_a_cog_has_overviews_and_the_same_pixels(tmp_path):
    grid = Grid(1200, 1500, GRID.crs, GRID.transform)
    pixels = np.random.default_rng(0).integers(1, 9_999, (1, 1200, 1500), np.uint16)
    out = GeoTiffWriter(tmp_path / "a.tif", grid, BASELINE_4, ["B04"], {"A": "b"}, block=256)
    out.write(Window(0, 0, 1200, 1500), pixels)
    out.settle()
    out.close()
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


def test_targets_that_cannot_be_written_are_refused_before_the_work(tmp_path):
    source = tmp_path / "in.tif"
    source.write_text("x")
    for target, words in (
        (source, "is the input"),
        (tmp_path / "out.png", "is no GeoTIFF"),
        (tmp_path / "no" / "out.tif", "does not exist"),
    ):
        with pytest.raises(InputError, match=words):
            check_target(target, [source], overwrite=True)
    (tmp_path / "d.tif").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        check_target(tmp_path / "d.tif", [source], overwrite=True)


def test_through_a_link_the_file_is_replaced_and_the_link_stays(tmp_path):
    real = tmp_path / "real.tif"
    real.write_text("old")
    link = tmp_path / "link.tif"
    link.symlink_to(real)
    assert check_target(link, [tmp_path / "in.tif"], overwrite=True) == real
    with pytest.raises(InputError, match="exists"):
        check_target(link, [tmp_path / "in.tif"], overwrite=False)


def test_a_link_that_leads_back_to_itself_is_said(tmp_path):
    (tmp_path / "a.tif").symlink_to(tmp_path / "b.tif")
    (tmp_path / "b.tif").symlink_to(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"[ab]\.tif is a link that leads back to itself"):
        check_target(tmp_path / "a.tif", [tmp_path / "in.tif"], overwrite=True)


def test_a_name_with_a_nul_is_said(tmp_path):
    with pytest.raises(InputError, match=r"a\\x00\.tif' holds a NUL"):
        check_target(f"{tmp_path}/a\0.tif", [tmp_path / "in.tif"], overwrite=True)


def test_an_output_that_no_geotiff_can_hold_is_refused(tmp_path):
    with pytest.raises(InputError, match="a GeoTIFF holds"):
        GeoTiffWriter(tmp_path / "out.tif", Grid(4, 2**31, None, Affine.identity()), DN, ["B04"], {})


def test_a_link_to_the_input_is_the_input(tmp_path):
    source = tmp_path / "in.tif"
    source.write_text("x")
    (tmp_path / "link.tif").symlink_to(source)
    with pytest.raises(InputError, match="is the input"):
        check_target(tmp_path / "link.tif", [source], overwrite=True)


def test_a_folder_that_cannot_be_written_to_is_said_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(InputError, match="cannot be written to"):
        check_target(tmp_path / "out.tif", [tmp_path / "in.tif"], overwrite=False)
