import errno
import fcntl

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError, ReadError
from rs_srgan.catalogues.cut import Wanted, cut_out
from rs_srgan.catalogues.known import stac_api
from rs_srgan.catalogues.search import search
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.safe import open_product
from tests.rs_srgan.catalogues.conftest import NAMES
from tests.rs_srgan.catalogues.products import EARTH_SEARCH_NAMES, RGBN, add_item, box_of, land

WANTED = Wanted((RGBN,), 500)


@pytest.fixture
def scene(catalogue, item):
    return search(box_of(item, 200, 200, 100, 100), "2024-07", catalogue)[0]


def images_read(stac):
    return {path.rpartition("/")[2] for path in stac.sent}


def test_a_cut_out_is_a_product_with_the_pixels_of_the_tile(scene):
    (folder,) = cut_out([scene], WANTED)
    with open_raster(folder, RGBN) as raster:
        col, row = (round(each) for each in ~raster.grid.transform * scene_corner(folder))
        assert raster.encoding.bias == pytest.approx((-0.1,) * 4)
        height, width = raster.grid.height, raster.grid.width
    with rasterio.open(folder / "T_B04_10m.tif") as stored:
        np.testing.assert_array_equal(stored.read(1), land(600, 600)["B04"][-row : height - row, -col : width - col])
    product = open_product(folder)
    assert product.scene_classification and product.sensed == scene.taken


def scene_corner(_):
    return 499_980, 5_000_040


def test_what_the_cache_holds_is_not_read_again_and_is_the_same_file(stac, scene):
    (folder,) = cut_out([scene], WANTED)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.tif")}
    stac.requests.clear()
    assert cut_out([scene], WANTED) == [folder] and not stac.requests
    for path in folder.glob("*.tif"):
        path.unlink()
    cut_out([scene], WANTED)
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.tif")} == before


def test_a_stopped_network_keeps_what_was_read(stac, scene):
    stac.faults[next(path for path in stac_paths(stac, "nir"))] = 503
    with pytest.raises(ReadError, match="503"):
        cut_out([scene], WANTED)
    stac.faults.clear()
    stac.sent.clear()
    (folder,) = cut_out([scene], WANTED)
    assert images_read(stac) == {"nir.tif"} and len(list(folder.glob("*.tif"))) == 5
    assert not list(folder.glob("*.new"))


def test_a_cache_without_locks_is_used_and_named_once(scene, monkeypatch, caplog):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (folder,) = cut_out([scene], WANTED)
    assert cut_out([scene], WANTED) == [folder] and (folder / "T_B04_10m.tif").is_file()
    assert caplog.text.count("without file locks") == 1


def stac_paths(stac, name):
    return ["/" + str(path.relative_to(stac.images.parent)) for path in stac.images.rglob(f"{name}.tif")]


def test_bands_of_20_m_and_their_guides_are_read_with_their_own_pixels(stac):
    pixels = land(600, 600)
    coarse = {band: pixels["B08"][::2, ::2].copy() for band in ("B05", "B11")}
    item = add_item(stac.images, stac.url, pixels | coarse)
    stac.items.append(item)
    names = NAMES | {band: EARTH_SEARCH_NAMES[band] for band in coarse}
    catalogue = stac_api(stac.url, "sentinel-2-c1-l2a", names)
    scene = search(box_of(item, 200, 200, 100, 100), "2024-07", catalogue)[0]
    (folder,) = cut_out([scene], Wanted((("B05", "B11"), RGBN), 500))
    with open_raster(folder, ("B05", "B11")) as lr, open_raster(folder, RGBN) as guide:
        assert guide.grid == lr.grid.scaled(2)


def test_a_scene_without_a_band_is_refused_before_anything_is_read(stac, scene):
    stac.requests.clear()
    with pytest.raises(InputError, match="B11"):
        cut_out([scene], Wanted((("B11",),), 500))
    assert not stac.requests


@pytest.mark.parametrize(
    ("held", "stated", "flag", "offset"),
    [(1000, 0.0, True, -1000), (0, -0.1, False, 0)],
)
def test_pixels_overrule_wrong_metadata(stac, catalogue, held, stated, flag, offset):
    properties = {"earthsearch:boa_offset_applied": flag}
    pixels = land(600, 600, offset=held)
    item = add_item(stac.images, stac.url, pixels, scaling=(0.0001, stated), properties=properties)
    stac.items.append(item)
    (folder,) = cut_out(search(box_of(item, 200, 200, 100, 100), "2024-07", catalogue), WANTED)
    assert set(open_product(folder).offsets.values()) == {offset}


@pytest.mark.parametrize("held", [0, 1000])
def test_a_bright_place_is_decided_by_other_places_of_the_tile(stac, catalogue, held):
    pixels = land(600, 600, offset=held)
    for band in RGBN:
        pixels[band][180:420, 180:420] = 2500  # 0.15 or 0.25
    pixels["SCL"][90:210, 90:210] = 5
    item = add_item(stac.images, stac.url, pixels, properties={"earthsearch:boa_offset_applied": True})
    stac.items.append(item)
    (folder,) = cut_out(search(box_of(item, 270, 270, 60, 60), "2024-07", catalogue), Wanted((RGBN,), 300))
    assert set(open_product(folder).offsets.values()) == {-held}
