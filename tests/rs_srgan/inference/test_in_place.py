import numpy as np
import pytest
import rasterio

from rs_srgan import SISR, InputError, ReadError, load_model, super_resolve
from rs_srgan.catalogues import choose_views, search, stac_api
from rs_srgan.cli.main import main
from tests.rs_srgan.catalogues.products import EARTH_SEARCH_NAMES, RGBN, add_item, box_of, land
from tests.rs_srgan.catalogues.server import StacLookalike
from tests.safe_builder import build_safe

pytest.importorskip("pystac_client")

EXACT = {"engine": "torch", "precision": "fp32"}
SIDE_PX = 900


@pytest.fixture
def stac(tmp_path, monkeypatch):
    monkeypatch.setenv("RS_SRGAN_CACHE", str(tmp_path / "cache"))
    server = StacLookalike(tmp_path / "images")
    yield server
    server.stop()


def catalogue_of(stac):
    names = {band: EARTH_SEARCH_NAMES[band] for band in (*RGBN, "SCL")}
    return stac_api(stac.url, "sentinel-2-c1-l2a", names)


def add(stac, folder, day, seed):
    """Add an acquisition to the server; return the same one as a product on disk."""
    pixels = land(SIDE_PX, SIDE_PX, seed)
    stac.items.append(add_item(stac.images, stac.url, pixels, day=day))
    images = {(band, 10): pixels[band] for band in RGBN} | {("SCL", 20): pixels["SCL"]}
    folder.joinpath(day).mkdir()
    return build_safe(folder / day, images, baseline="05.10")


def dn_of(path):
    with rasterio.open(path) as raster:
        return raster.read().astype(int), raster.transform, raster.offsets, raster.nodata


def assert_same(path, other):
    (dn, *facts), (expected, *others) = dn_of(path), dn_of(other)
    np.testing.assert_array_equal(dn, expected)
    assert facts == others


def test_a_scene_gives_the_pixels_of_its_product_on_disk(stac, tmp_path, model: SISR):
    safe = add(stac, tmp_path, "2024-07-14", 1)
    box = box_of(stac.items[0], 300, 400, 100, 120)
    scene = search(box, "2024-07", catalogue_of(stac))[0]
    super_resolve(scene, tmp_path / "place.tif", model, **EXACT)
    super_resolve(safe, tmp_path / "disk.tif", model, bbox=box, **EXACT)
    assert_same(tmp_path / "place.tif", tmp_path / "disk.tif")


def test_revisits_give_the_pixels_of_their_products_on_disk(stac, tmp_path):
    safes = {day: add(stac, tmp_path, day, seed) for seed, day in enumerate(("2024-07-04", "2024-07-09", "2024-07-14"))}
    box = box_of(stac.items[0], 400, 380, 60, 60)
    views = choose_views(search(box, "2024-07", catalogue_of(stac)), 3)
    model = load_model("misr-x2-rgbn")
    super_resolve(views, tmp_path / "place.tif", model, **EXACT)
    ordered = [safes[f"{view.taken:%Y-%m-%d}"] for view in views]
    super_resolve(ordered, tmp_path / "disk.tif", model, bbox=box, **EXACT)
    assert_same(tmp_path / "place.tif", tmp_path / "disk.tif")


def test_the_command_finds_the_clearest_scene_by_itself(stac, tmp_path, model_folder, capsys):
    safe = add(stac, tmp_path, "2024-07-14", 1)
    box = [str(each) for each in box_of(stac.items[0], 300, 400, 60, 60)]
    options = ["--bbox", *box, "--model", str(model_folder), "--engine", "torch", "--precision", "fp32", "--quiet"]
    place = [f"stac:{stac.url}", "--collection", "sentinel-2-c1-l2a", "--dates", "2024-07"]
    assert main(["predict", *place, "-o", str(tmp_path / "place.tif"), *options]) == 0
    link = stac.items[0]["links"][0]["href"]
    assert main(["predict", link, "-o", str(tmp_path / "item.tif"), *options]) == 0
    assert main(["predict", str(safe), "-o", str(tmp_path / "disk.tif"), *options]) == 0
    assert_same(tmp_path / "place.tif", tmp_path / "disk.tif")
    assert_same(tmp_path / "item.tif", tmp_path / "disk.tif")


def test_a_network_that_stops_leaves_no_result_and_the_next_run_goes_on(stac, tmp_path, model: SISR):
    add(stac, tmp_path, "2024-07-14", 1)
    scene = search(box_of(stac.items[0], 300, 400, 60, 60), "2024-07", catalogue_of(stac))[0]
    stac.faults["/images/sentinel-2-c1-l2a/" + stac.items[0]["id"] + "/nir"] = 503
    with pytest.raises(ReadError, match="503"):
        super_resolve(scene, tmp_path / "place.tif", model, **EXACT)
    assert not list(tmp_path.glob("place.tif*"))
    stac.faults.clear()
    super_resolve(scene, tmp_path / "place.tif", model, resume=True, **EXACT)
    assert dn_of(tmp_path / "place.tif")[0].any()


def test_an_offset_that_is_stated_overrules_the_decision(stac, tmp_path, model: SISR):
    add(stac, tmp_path, "2024-07-14", 1)
    scene = search(box_of(stac.items[0], 300, 400, 60, 60), "2024-07", catalogue_of(stac))[0]
    super_resolve(scene, tmp_path / "place.tif", model, offset=0, **EXACT)
    assert set(dn_of(tmp_path / "place.tif")[2]) == {0}


def test_a_target_that_cannot_be_written_is_refused_before_the_network_is_used(stac, tmp_path, model: SISR):
    add(stac, tmp_path, "2024-07-14", 1)
    scene = search(box_of(stac.items[0], 300, 400, 60, 60), "2024-07", catalogue_of(stac))[0]
    stac.requests.clear()
    with pytest.raises(InputError, match="folder"):
        super_resolve(scene, tmp_path / "absent" / "place.tif", model, **EXACT)
    assert not stac.requests
