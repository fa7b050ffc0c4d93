import numpy as np
import rasterio
from affine import Affine

from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.blocks import Layout
from rs_srgan.writing.geotiff import GeoTiffWriter

GRID = Grid(150, 130, rasterio.CRS.from_epsg(32632), Affine(2.5, 0, 6e5, 0, -2.5, 5e6))
DN = Encoding("uint16", (1e-4,), (0.0,), 0)


def test_blocks_of_any_order_make_the_same_image(tmp_path):
    pixels = np.random.default_rng(0).integers(1, 9_999, (2, 150, 130), np.uint16)
    layout = Layout(2, DN, "zstd", 64)
    windows = [Window(row, col, min(64, 150 - row), min(64, 130 - col)) for row in (0, 64, 128) for col in (0, 64, 128)]
    made = [blocks for window in windows for blocks in layout.compressed(window, pixels[:, *window.slices])]
    out = GeoTiffWriter(tmp_path / "out.tif", GRID, DN, ["B04", "B03"], {}, "zstd", 64)
    for index in np.random.default_rng(1).permutation(len(made)):
        out.append(made[index])
    out.settle()
    out.close()
    with rasterio.open(tmp_path / "out.tif") as dataset:
        np.testing.assert_array_equal(dataset.read(), pixels)


def test_a_window_of_several_rows_of_blocks_comes_in_pieces():
    pixels = np.zeros((1, 300, 100), np.uint16)
    pieces = list(Layout(1, DN, "none", 64).compressed(Window(64, 0, 300, 100), pixels))
    assert [(piece.window.row, len(piece.sizes)) for piece in pieces] == [(64, 4), (192, 4), (320, 2)]
    assert all(piece.sizes.sum() == len(piece.content) for piece in pieces)
