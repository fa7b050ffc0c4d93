import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.maps.image import MapImage
from rs_srgan.maps.web_tiles import earth_places, tiles_within
from rs_srgan.pixels.radiometry import Stretch
from rs_srgan.sensors import SENTINEL2
from tests.rs_srgan.maps.conftest import PLACE, land

STRETCH = Stretch((0.0,) * 3, (1.0,) * 3)


@pytest.fixture
def opened():
    images = []

    def make(source, bands=None) -> MapImage:
        images.append(MapImage(source, bands, SENTINEL2))
        return images[-1]

    yield make
    for image in images:
        image.close()


def test_a_tile_shows_the_nearest_pixels_in_natural_colours(pair, opened):
    image, dn = opened(pair[0]), land(60, 80)
    z = 16
    for x, y in tiles_within(image.bounds, z):
        tile, places = image.tile(z, x, y, STRETCH), earth_places(image.grid, z, x, y)
        inside = (places.rows >= 0) & (places.rows < 60) & (places.cols >= 0) & (places.cols < 80)
        assert (tile is None) == (not inside.any())
        if tile is None:
            continue
        assert ((tile[..., 3] > 0) == inside).mean() > 0.999  # a place on an edge may be that of either pixel
        inside &= tile[..., 3] > 0
        seen = dn[:3, places.rows[inside].astype(int), places.cols[inside].astype(int)]
        close = np.abs(tile[..., :3][inside].T - seen / 10_000 * 255)
        assert np.percentile(close, 99) < 1  # a few places lie on the edge of two pixels


def test_pixels_without_data_are_transparent(pair, opened):
    image = opened(pair[1])
    z = 18
    tiles = [image.tile(z, x, y, STRETCH) for x, y in tiles_within(image.bounds, z)]
    alphas = [tile[..., 3] for tile in tiles if tile is not None]
    assert 0 < np.mean([alpha.mean() for alpha in alphas]) < 255


def test_one_tile_of_a_small_zoom_comes_from_the_overview(opened):
    """A tile that shows much reads no more pixels than any other."""
    image = opened(land(1200, 1100)[:3].astype(np.float32) / 10_000)
    image.put_at_origin()
    tile = image.tile(9, *next(tiles_within(image.bounds, 9)), STRETCH)
    assert tile is not None and tile[..., 3].any()


@pytest.mark.parametrize("bands", [("B08", "B04", "B03"), ("B08",)])
def test_other_bands_can_be_shown(pair, opened, bands):
    image = opened(pair[0], bands)
    low, high = image.stretch(0, 1).low, image.stretch(0, 1).high
    assert len(low) == len(bands) and low[0] == pytest.approx(0.3, abs=0.01) and high[0] > 0.55


def test_bands_that_are_missing_are_named(pair, opened):
    with pytest.raises(InputError, match="B12"):
        opened(pair[0], ("B12", "B8A", "B05"))


@pytest.mark.parametrize("names", [("B12", "B8A", "B05", "B06"), None])
def test_an_image_without_natural_colours_shows_others(write_tif, opened, names):
    pixels = land(10, 10)
    shown = opened(write_tif(pixels, bands=names)).stretch(0, 1)
    expected = pixels[:3].min((1, 2)) / 10_000
    assert shown.low == pytest.approx(tuple(expected), abs=1e-4)


def test_a_warning_about_a_file_comes_once(write_tif, opened, caplog):
    opened(write_tif((land(10, 10)[:3] / 20).astype(np.uint8), bands=("B04", "B03", "B02")))
    assert len(caplog.records) == 1 and "8-bit" in caplog.text


def test_an_array_is_placed_where_the_user_says(opened):
    image = opened(land(30, 40)[:3].astype(np.float32) / 10_000)
    assert not image.has_place
    image.put_at((10, 45, 11, 46))
    assert image.has_place and image.bounds == pytest.approx((10, 45, 11, 46))


def test_a_labelled_array_keeps_its_place(pair, opened):
    rioxarray = pytest.importorskip("rioxarray")
    array = rioxarray.open_rasterio(pair[0]).assign_attrs(scale_factor=1e-4, long_name=("B04", "B03", "B02", "B08"))
    assert opened(array).bounds == pytest.approx(opened(pair[0]).bounds)


@pytest.mark.parametrize("array", [np.zeros((3, 0, 4), np.float32), np.zeros(5, np.float32), np.full((3, 4, 4), "a")])
def test_an_array_that_is_no_image_is_refused(opened, array):
    with pytest.raises(InputError, match="reflectance"):
        opened(array)


def test_integers_are_no_reflectance(opened):
    with pytest.raises(InputError, match="floats"):
        opened(land(4, 4))


def test_a_place_of_the_other_image_fits_at_any_scale(opened):
    small, large = (opened(np.full((1, size, size), 0.1, np.float32)) for size in (10, 40))
    small.put_at_origin()
    large.put_on(small.grid)
    assert large.bounds == pytest.approx(small.bounds)
    assert large.grid.transform.a == pytest.approx(small.grid.transform.a / 4)


def test_the_place_of_a_file_is_its_own(pair):
    with rasterio.open(pair[0]) as file:
        assert file.transform == PLACE["transform"]
