from contextlib import ExitStack

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.warp import transform

from rs_srgan.catalogues.frame import find_frame
from rs_srgan.catalogues.mosaic import Mosaic
from rs_srgan.catalogues.place import find_place
from rs_srgan.catalogues.remote import open_remote
from rs_srgan.pixels.windows import Window
from tests.rs_srgan.catalogues.products import ULX, ULY, add_item, box_of, land

WHOLE = land(600, 900)


def window_of(pixels, rows, cols):
    fine = {band: dn[rows, cols] for band, dn in pixels.items() if band != "SCL"}
    half = [slice(each.start // 2, each.stop // 2) for each in (rows, cols)]
    return fine | {"SCL": pixels["SCL"][half[0], half[1]]}


@pytest.fixture
def halves(stac):
    """Two tiles that overlap by 120 pixels; the first one has no data in its right corner."""
    left = window_of(WHOLE, slice(0, 600), slice(0, 480))
    left = {band: dn.copy() for band, dn in left.items()}
    left["B04"][500:, 450:] = 0
    right = window_of(WHOLE, slice(0, 600), slice(360, 900))
    one = add_item(stac.images, stac.url, left, tile="33TWL")
    two = add_item(stac.images, stac.url, right, tile="33TXL", origin=(ULX + 3600, ULY))
    return one, two


def test_two_tiles_of_a_zone_make_the_whole_without_gap_or_seam(stac, catalogue, halves):
    place = find_place(box_of(halves[0], 100, 200, 450, 600))
    with ExitStack() as files:
        tiles = [files.enter_context(open_remote(catalogue, each["assets"]["red"]["href"], 5)) for each in halves]
        mosaic = Mosaic(tiles, find_frame(place, [tile.grid for tile in tiles], 0, "scene").grid(10))
        strips = list(mosaic.strips())
        found = np.concatenate([mosaic.read(strip)[0] for strip in strips])
    col, row = (round(each) for each in ~tiles[0].grid.transform * (mosaic.grid.transform.c, mosaic.grid.transform.f))
    np.testing.assert_array_equal(found, WHOLE["B04"][row : row + found.shape[0], col : col + found.shape[1]])
    assert sum(strip.height for strip in strips) == mosaic.grid.height
    assert all((strip.row + row) % 256 == 0 for strip in strips[1:])  # in one row of blocks each


def test_a_tile_of_another_zone_gives_its_nearest_pixels(stac, catalogue, item):
    (x,), (y,) = transform(CRS.from_epsg(32633), CRS.from_epsg(32632), [ULX], [ULY])
    corner = round(x / 60) * 60, round(y / 60) * 60
    other = add_item(stac.images, stac.url, land(600, 600), tile="32TQR", origin=corner)
    place = find_place(box_of(item, 200, 200, 60, 60))
    with ExitStack() as files:
        own, foreign = (
            files.enter_context(open_remote(catalogue, each["assets"]["nir"]["href"], 5)) for each in (item, other)
        )
        grid = find_frame(place, [own.grid], 0, "scene").grid(10)
        found = Mosaic([foreign], grid).read(Window(0, 0, grid.height, grid.width))
    assert found.any() and set(np.unique(found)) <= {0, *np.unique(land(600, 600)["B08"])}
