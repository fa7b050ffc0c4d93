import pytest
from affine import Affine
from rasterio.crs import CRS

from rs_srgan import InputError
from rs_srgan.catalogues.frame import find_frame
from rs_srgan.catalogues.place import find_place
from rs_srgan.reading.grid import Grid
from tests.rs_srgan.catalogues.products import ULX, ULY

TILE = Grid(10_980, 10_980, CRS.from_epsg(32633), Affine(10, 0, ULX, 0, -10, ULY))
PLACE = find_place((15.1, 44.9, 15.12, 44.92))


@pytest.mark.parametrize("margin_m", [0, 137, 5000])
def test_a_frame_contains_the_place_and_has_whole_pixels_of_every_size(margin_m):
    frame = find_frame(PLACE, [TILE], margin_m, "scene")
    assert frame.outline().contains(PLACE.projected(TILE.crs).buffer(margin_m * 0.99, cap_style="square"))
    assert not any(side % 60 for side in (frame.left, frame.right, frame.bottom, frame.top))
    sizes = {gsd: frame.grid(gsd) for gsd in (10, 20, 60)}
    assert sizes[10] == sizes[20].scaled(2) == sizes[60].scaled(6)


def test_a_frame_ends_where_the_tile_ends():
    frame = find_frame(PLACE, [TILE], 200_000, "scene")
    assert frame.grid(10) == TILE


def test_a_place_elsewhere_and_other_grids_are_refused():
    with pytest.raises(InputError, match="nothing"):
        find_frame(find_place((18, 44.9, 18.1, 44.95)), [TILE], 0, "scene")
    moved = Grid(100, 100, TILE.crs, Affine(10, 0, ULX + 5, 0, -10, ULY))
    with pytest.raises(InputError, match="grid"):
        find_frame(PLACE, [moved], 0, "scene")
