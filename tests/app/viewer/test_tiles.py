"""Map tiles and pictures: the same pixels on both planes."""

import copy
import dataclasses

import numpy as np
import pytest
from rasterio.warp import transform

from app.viewer.colours import Style, colour
from app.viewer.layers import BICUBIC, CONSISTENCY, DIFFERENCE, INPUT, SR, UNCERTAINTY
from app.viewer.tiles import (
    EARTH,
    PIXEL_ZOOM,
    PIXELS,
    TILE_PX,
    draw,
    earth_zooms,
    has_place,
    sample,
    to_lon_lat,
    to_pixel,
    whole,
)
from rs_srgan import InputError
from tests.app.viewer.conftest import MODELS, make_view
from tests.app.viewer.pixels import read
from tests.conftest import scene_dn

STYLE = Style("True colour")
HALF = 1 << (PIXEL_ZOOM - 1)


def test_a_tile_on_the_plane_of_pixels_is_not_resampled(view):
    sr = read(view.results[0].path)
    tile = draw(view, PIXELS, SR, PIXEL_ZOOM, HALF + 1, HALF + 1, STYLE)
    expected = colour(view, SR, sr, STYLE)[TILE_PX : 2 * TILE_PX, TILE_PX : 2 * TILE_PX]
    np.testing.assert_array_equal(tile[: len(expected), : len(expected[0])], expected)
    assert (tile[:, :, 3] == 0).any()  # outside of the image


def test_map_and_pixels_agree_to_the_pixel(view):
    """Each pixel of a tile on the Earth has the colour of the SR pixel that contains its centre."""
    sr = colour(view, SR, read(view.results[0].path), STYLE)
    zoom, one_to_one = earth_zooms(view)
    assert zoom - 3 < one_to_one <= zoom - 2  # one level finer than needed, and 512 px worlds for 256
    lon, lat = to_lon_lat(view, 300, 340)
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**zoom
    tile = draw(view, EARTH, SR, zoom, int(x), int(y), STYLE)
    rows, cols = np.mgrid[3:256:17, 5:256:19]
    size = 2 * np.pi * 6378137 / 2**zoom
    xs = -np.pi * 6378137 + (int(x) + (cols.ravel() + 0.5) / TILE_PX) * size
    ys = np.pi * 6378137 - (int(y) + (rows.ravel() + 0.5) / TILE_PX) * size
    east, north = transform("EPSG:3857", "EPSG:32632", xs.tolist(), ys.tolist())
    own_rows, own_cols = (5_100_000 - np.array(north)) / 2.5, (np.array(east) - 600_000) / 2.5
    sure = (np.abs(own_rows % 1 - 0.5) < 0.49) & (np.abs(own_cols % 1 - 0.5) < 0.49)  # not on the border between two
    assert sure.sum() > 100
    picked = sr[own_rows[sure].astype(int), own_cols[sure].astype(int)]
    np.testing.assert_array_equal(tile[rows.ravel()[sure], cols.ravel()[sure]], picked)


def test_degrees_and_pixels_convert_back_and_forth(view):
    row, col = to_pixel(view, *to_lon_lat(view, 123.5, 456.25))
    assert (round(row, 6), round(col, 6)) == (123.5, 456.25)


@pytest.mark.parametrize(("lon", "lat"), [(100, 0), (10, 200)])
def test_a_place_outside_of_the_projection_is_refused(view, lon, lat):
    with pytest.raises(InputError, match="outside"):
        to_pixel(view, lon, lat)


def test_tiles_outside_of_the_image_are_empty(view):
    assert draw(view, PIXELS, SR, PIXEL_ZOOM, HALF - 1, HALF, STYLE) is None
    assert draw(view, EARTH, SR, 10, 0, 0, STYLE) is None
    assert draw(view, EARTH, SR, 0, 0, 0, STYLE) is None  # outside of the projection
    assert draw(view, EARTH, SR, 8, 135, 91, STYLE)[..., 3].any()


@pytest.mark.parametrize(
    ("plane", "z", "x", "y"), [("moon", 1, 0, 0), (PIXELS, 25, 0, 0), (PIXELS, 3, 8, 0), (EARTH, -1, 0, 0)]
)
def test_unknown_planes_and_tiles_are_refused(view, plane, z, x, y):
    with pytest.raises(InputError, match="There"):
        draw(view, plane, SR, z, x, y, STYLE)


def test_a_picture_of_the_whole_image_has_the_given_size(view):
    pixels = sample(view, SR, whole(view, 340))
    assert pixels.shape == (4, 300, 340)


def test_an_image_without_georeference_has_no_place_on_earth(tmp_path, write_tif):
    view = make_view(tmp_path, write_tif(scene_dn(40, 40), crs=None, transform=None), MODELS[:1])
    assert not has_place(view.grid)
    assert view.layers == (INPUT, BICUBIC, SR, UNCERTAINTY, DIFFERENCE, CONSISTENCY)
    with pytest.raises(InputError, match="earth"):
        draw(view, EARTH, SR, 3, 0, 0, STYLE)


@pytest.mark.parametrize("without", [slice(None), slice(0, 1)])
def test_an_image_without_data_has_transparent_tiles(tmp_path, write_tif, without):
    """Also if only the red band has none."""
    dn = scene_dn(40, 40)
    dn[without] = 0
    view = make_view(tmp_path, write_tif(dn, nodata=0), MODELS[:1])
    assert view.has_data == dn.any()
    for layer in view.layers:
        for style in (STYLE, Style("NDVI"), Style("B04")):
            assert not draw(view, PIXELS, layer, PIXEL_ZOOM, HALF, HALF, style)[..., 3].any()
            assert not colour(view, layer, sample(view, layer, whole(view, 100)), style)[..., 3].any()


def test_a_tile_of_a_large_result_reads_few_pixels(view, monkeypatch):
    """At any zoom of a result with 43,920 x 43,920 pixels."""
    sizes = []

    def read_nothing(_, window, shrink=1):
        shape = (4, -(-window.height // shrink), -(-window.width // shrink))
        sizes.append(shape[1] * shape[2])
        return np.full(shape, 0.1, np.float32)

    monkeypatch.setattr(type(view.lr), "read", read_nothing)
    large = copy.copy(view)
    large.grid = dataclasses.replace(view.grid, height=10_980, width=10_980)
    for layer in view.layers:
        for z in range(12, PIXEL_ZOOM + 1):
            draw(large, PIXELS, layer, z, 1 << (z - 1), 1 << (z - 1), STYLE)
        sample(large, layer, whole(large, 900))
    assert max(sizes) < 1400 * 1400
