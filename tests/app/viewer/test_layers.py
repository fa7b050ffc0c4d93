"""What is shown of a result, and where: the same pixels in every picture of them."""

import copy
import dataclasses

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform

from app.jobs.inputs import write_lr
from app.jobs.request import Request
from app.viewer.colours import Style, colour, composites, legend
from app.viewer.layers import BICUBIC, CONSISTENCY, DIFFERENCE, INPUT, OTHER, SR, UNCERTAINTY, View
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
from rs_srgan import InputError, super_resolve
from rs_srgan.models.catalogue import catalogue
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn

NAMES = ("sisr-x4-rgbn", "sisr-x2-rgbn")
STYLE = Style("True colour")
HALF = 1 << (PIXEL_ZOOM - 1)


def make_view(folder, source, names=NAMES, **request) -> View:
    configs = [catalogue()[name].config for name in names]
    write_lr(Request(source, names, **request), configs[0].bands, folder / "lr.tif")
    for index, name in enumerate(names):
        uncertainty = None if index else folder / "uncertainty0.tif"
        super_resolve(source, folder / f"sr{index}.tif", name, cog=True, uncertainty=uncertainty, **request)
    return View(folder, configs)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "scene.tif"
    dn = scene_dn(150, 170)
    dn[:, 60:70, 80:95] = 0
    place = {"crs": "EPSG:32632", "transform": rasterio.Affine(10, 0, 600_000, 0, -10, 5_100_000)}
    with rasterio.open(
        path, "w", driver="GTiff", count=4, height=150, width=170, dtype="uint16", nodata=0, **place
    ) as out:
        out.write(dn)
    return path


@pytest.fixture(scope="module")
def view(source, tmp_path_factory) -> View:
    return make_view(tmp_path_factory.mktemp("view"), source)


def read(path) -> np.ndarray:
    """Reflectance of a whole result, NaN without data."""
    with open_raster(path, RGBN) as raster:
        image, valid = raster.read(Window(0, 0, raster.grid.height, raster.grid.width))
    return np.where(valid, image, np.nan)


def all_of(view: View, layer: str) -> np.ndarray:
    height, width = view.shape
    block = view.read(layer, Window(0, 0, height, width))
    rows, cols = np.mgrid[:height, :width] + 0.5
    return block.at(rows, cols)


def test_the_input_is_kept_as_it_was_read(view, source):
    np.testing.assert_array_equal(read(view.lr.path), read(source))


def test_layers_are_the_files_pixel_by_pixel(view):
    np.testing.assert_array_equal(all_of(view, SR), read(view.results[0].path))
    np.testing.assert_array_equal(all_of(view, INPUT), read(view.lr.path).repeat(4, 1).repeat(4, 2))
    np.testing.assert_array_equal(all_of(view, OTHER), read(view.results[1].path).repeat(2, 1).repeat(2, 2))
    with rasterio.open(view.uncertainty.path) as dataset:
        half_width = dataset.read(masked=True) * np.float32(1e-5)
    np.testing.assert_allclose(all_of(view, UNCERTAINTY), half_width.filled(np.nan), rtol=1e-6)


def test_what_compares_layers_is_their_difference(view):
    expected = np.abs(all_of(view, SR) - all_of(view, BICUBIC))
    np.testing.assert_array_equal(all_of(view, DIFFERENCE), expected)
    consistency = all_of(view, CONSISTENCY)
    assert np.nanpercentile(consistency, 90) < 0.01  # the model's projection sees to that
    assert np.nanmax(consistency) > 0
    np.testing.assert_array_equal(np.isnan(consistency), np.isnan(all_of(view, INPUT)))


@pytest.mark.parametrize("layer", [BICUBIC, DIFFERENCE, CONSISTENCY])
def test_a_part_is_that_part_of_the_whole(view, layer):
    part = Window(211, 243, 130, 97)
    block = view.read(layer, part)
    rows, cols = np.mgrid[211:341, 243:340] + 0.5
    np.testing.assert_allclose(block.at(rows, cols), all_of(view, layer)[:, 211:341, 243:340], atol=1e-6)


@pytest.mark.parametrize("shrink", [2, 4, 8])
@pytest.mark.parametrize("layer", [SR, BICUBIC, INPUT])
def test_far_out_pixels_are_averages(view, layer, shrink):
    height, width = view.shape
    block = view.read(layer, Window(0, 0, height, width), shrink)
    mean = np.nanmean(block.pixels[:, :20, :15])
    near = np.nanmean(all_of(view, layer)[:, : round(20 * block.unit[0]), : round(15 * block.unit[1])])
    assert abs(mean - near) < 0.02 * near


def test_a_tile_of_the_plane_of_pixels_is_the_result_not_resampled(view):
    sr = read(view.results[0].path)
    tile = draw(view, PIXELS, SR, PIXEL_ZOOM, HALF + 1, HALF + 1, STYLE)
    expected = colour(view, SR, sr, STYLE)[TILE_PX : 2 * TILE_PX, TILE_PX : 2 * TILE_PX]
    np.testing.assert_array_equal(tile[: len(expected), : len(expected[0])], expected)
    assert (tile[:, :, 3] == 0).any()  # beyond the image


def test_map_and_pixels_agree_to_the_pixel(view):
    """Every pixel of a tile of the Earth has the colour of the SR pixel in which its centre lies."""
    sr = colour(view, SR, read(view.results[0].path), STYLE)
    zoom, one_to_one = earth_zooms(view)
    assert zoom - 3 < one_to_one <= zoom - 2  # a level finer than needed, and worlds of 512 pixels for 256
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
    sure = (np.abs(own_rows % 1 - 0.5) < 0.49) & (np.abs(own_cols % 1 - 0.5) < 0.49)  # not on the border of two
    assert sure.sum() > 100
    picked = sr[own_rows[sure].astype(int), own_cols[sure].astype(int)]
    np.testing.assert_array_equal(tile[rows.ravel()[sure], cols.ravel()[sure]], picked)


def test_a_place_is_found_again(view):
    row, col = to_pixel(view, *to_lon_lat(view, 123.5, 456.25))
    assert (round(row, 6), round(col, 6)) == (123.5, 456.25)


@pytest.mark.parametrize(("lon", "lat"), [(100, 0), (10, 200)])
def test_a_place_beyond_the_projection_is_beyond_the_image(view, lon, lat):
    with pytest.raises(InputError, match="beyond the image"):
        to_pixel(view, lon, lat)


def test_tiles_beside_the_image_are_nothing(view):
    assert draw(view, PIXELS, SR, PIXEL_ZOOM, HALF - 1, HALF, STYLE) is None
    assert draw(view, EARTH, SR, 10, 0, 0, STYLE) is None
    assert draw(view, EARTH, SR, 0, 0, 0, STYLE) is None  # farther than its projection reaches
    assert draw(view, EARTH, SR, 8, 135, 91, STYLE)[..., 3].any()


@pytest.mark.parametrize(
    ("plane", "z", "x", "y"), [("moon", 1, 0, 0), (PIXELS, 25, 0, 0), (PIXELS, 3, 8, 0), (EARTH, -1, 0, 0)]
)
def test_addresses_that_are_none_are_refused(view, plane, z, x, y):
    with pytest.raises(InputError, match=r"There is no (plane|tile)"):
        draw(view, plane, SR, z, x, y, STYLE)


def test_both_sides_are_in_the_same_stretch(view):
    left, right = (colour(view, layer, all_of(view, layer), STYLE) for layer in (INPUT, SR))
    seen = left[..., 3] > 0
    np.testing.assert_array_equal(seen, right[..., 3] > 0)
    np.testing.assert_allclose(left[seen].mean(0), right[seen].mean(0), atol=5)


def test_no_data_is_transparent(view):
    for layer in view.layers:
        alpha = colour(view, layer, all_of(view, layer), STYLE)[..., 3]
        assert not alpha[245:275, 325:375].any()
        assert alpha[:200].all()


def test_a_picture_of_everything_has_the_size_that_was_asked_for(view):
    pixels = sample(view, SR, whole(view, 340))
    assert pixels.shape == (4, 300, 340)


def test_what_can_be_shown_depends_on_the_bands():
    assert list(composites(RGBN)) == ["True colour", "False colour", "NDVI", *RGBN]
    assert list(composites(("B05", "B11"))) == ["B05", "B11"]


def test_ndvi_is_green_on_plants_and_brown_on_soil(view):
    pixels = np.zeros((4, 1, 2), np.float32)
    pixels[:, 0, 0], pixels[:, 0, 1] = (0.04, 0.06, 0.03, 0.45), (0.25, 0.2, 0.15, 0.28)
    (plant, soil), *_ = colour(view, SR, pixels, Style("NDVI"))
    assert plant[1] > plant[0] and soil[0] > soil[2]
    assert legend(SR, view, Style("NDVI"))["to"] == 0.9
    assert legend(SR, view, STYLE) is None


@pytest.mark.parametrize("wrong", [{"cut": -1.0}, {"gamma": 0.0}, {"gamma": float("nan")}])
def test_a_style_that_is_none_is_refused(wrong):
    with pytest.raises(InputError, match="expected"):
        Style("True colour", **wrong)


@pytest.mark.parametrize("layer", ["", "sr2", "../sr"])
def test_a_layer_that_is_none_is_refused(view, layer):
    with pytest.raises(InputError, match="There is no layer"):
        view.read(layer, Window(0, 0, 8, 8))


def test_an_image_that_lies_nowhere_has_no_place_on_earth(tmp_path, write_tif):
    view = make_view(tmp_path, write_tif(scene_dn(40, 40), crs=None, transform=None), NAMES[:1])
    assert not has_place(view.grid)
    assert view.layers == (INPUT, BICUBIC, SR, UNCERTAINTY, DIFFERENCE, CONSISTENCY)
    with pytest.raises(InputError, match="There is no plane"):
        draw(view, EARTH, SR, 3, 0, 0, STYLE)


def test_a_tile_of_a_large_result_reads_few_pixels(view, monkeypatch):
    """However far out: of a result with 43,920 x 43,920 pixels."""
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


def test_hardly_a_pixel_is_beyond_the_end_of_a_scale(tmp_path, source):
    view = make_view(tmp_path, source, NAMES[:1])
    whole_view = Window(0, 0, *view.shape)
    for layer in (DIFFERENCE, CONSISTENCY, UNCERTAINTY):
        values = view.read(layer, whole_view).pixels[view.indexes(RGBN[:3])].mean(0)
        beyond = np.nanmean(values > view.top(layer, RGBN[:3]))
        assert beyond < 0.03, layer
