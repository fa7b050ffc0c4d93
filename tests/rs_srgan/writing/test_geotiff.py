import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan import InputError
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.geotiff import GeoTiffWriter, block_px, whole_blocks

GRID = Grid(300, 500, rasterio.CRS.from_epsg(32632), Affine(2.5, 0, 6e5, 0, -2.5, 5e6))
DN = Encoding("uint16", (1e-4,), (0.0,), 0)


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
def test_windows_written_one_by_one_make_one_image(tmp_path, pixels, compress):
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
def test_settled_blocks_survive_and_the_others_are_written_again(tmp_path, pixels, settled):
    """Drop the first writer without `settle` and `close`, like after `kill -9`."""
    path = tmp_path / "out.tif"
    out = writer(path)
    for index, window in enumerate(windows()):
        if index == settled:
            out.settle()
        if index < settled + 2:
            out.write(window, cut(pixels, window))
    del out
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


def test_an_output_too_large_for_a_geotiff_is_refused(tmp_path):
    with pytest.raises(InputError, match="2147483647"):
        GeoTiffWriter(tmp_path / "out.tif", Grid(4, 2**31, None, Affine.identity()), DN, ["B04"], {})


def test_control_points_without_a_coordinate_system_are_kept(tmp_path):
    points = ((0.0, 0.0, 1.0, 2.0, 0.0), (8.0, 0.0, 1.0, 3.0, 0.0), (0.0, 8.0, 2.0, 2.0, 0.0))
    grid = Grid(16, 16, None, Affine.identity(), points)
    GeoTiffWriter(tmp_path / "a.tif", grid, Encoding("uint16", (1e-4,), (0.0,), 0), ("B04",), {}, block=16).close()
    with rasterio.open(tmp_path / "a.tif") as file:
        kept, crs = file.gcps
    assert crs is None and [(point.row, point.col, point.x, point.y, point.z) for point in kept] == list(points)
