import pytest
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform

from rs_srgan import InputError
from rs_srgan.reading.grid import Grid
from train.data.ground import Footprint, group_places, refuse_overlaps


def at(east, north, epsg=32632, side=100):
    """Return the footprint of a square of 1 km."""
    return Footprint.of(Grid(side, side, CRS.from_epsg(epsg), Affine(10, 0, east, 0, -10, north)))


@pytest.fixture
def files(tmp_path):
    for name in "abc":
        (tmp_path / name).touch()
    return [tmp_path / name for name in "abc"]


def places(names, files, footprints):
    return group_places(names, [[file] for file in files], footprints)


def test_neighbours_that_share_a_rim_are_two_places_and_overlaps_are_one(files):
    names = ["x", "y", "z"]
    assert places(names, files, [at(3e5, 5e6), at(3e5 + 1000, 5e6), at(3e5 + 1995, 5e6)]) == ["x", "y", "z"]
    assert places(names, files, [at(3e5, 5e6), at(3e5 + 900, 5e6), at(3e5, 6e6)]) == ["x", "x", "z"]


def test_ground_is_the_same_in_another_zone(files):
    (east,), (north,) = transform("EPSG:32632", "EPSG:32633", [7.2e5], [5e6])
    same, another = at(east, north, 32633), at(east, north + 5000, 32633)
    assert places(["x", "y", "z"], files, [at(7.2e5, 5e6), same, another]) == ["x", "x", "z"]


def test_names_decide_only_without_coordinates(files):
    names = ["town_2021", "town_2022", "town_2023-08-01"]
    assert places(names, files, [None] * 3) == ["town"] * 3
    with pytest.raises(InputError, match="leaks"):
        refuse_overlaps({files[0]: at(3e5, 5e6)}, {files[1]: at(3e5, 5e6), files[2]: None})
    refuse_overlaps({files[0]: at(3e5, 5e6)}, {files[1]: at(4e5, 5e6), files[2]: None})
