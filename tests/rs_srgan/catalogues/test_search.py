import copy

import pytest

from rs_srgan import InputError, ReadError
from rs_srgan.catalogues.known import stac_api
from rs_srgan.catalogues.search import open_item, search
from tests.rs_srgan.catalogues.products import CLOUD, ULX, ULY, add_item, box_of, land


@pytest.fixture
def series(stac, item):
    """Three dates: the first half cloudy over the middle, the second clear, the third all cloud."""
    for day, cloudy in (("2024-07-04", slice(150, 300)), ("2024-07-19", slice(0, 300))):
        pixels = land(600, 600, seed=int(day[-2:]))
        pixels["SCL"][cloudy] = CLOUD
        stac.items.append(add_item(stac.images, stac.url, pixels, day=day, orbit=22))
    return stac.items


def place(item):
    return box_of(item, 200, 200, 200, 200)


def test_the_clearest_over_the_place_comes_first(catalogue, series):
    scenes = search(place(series[0]), "2024-07", catalogue)
    assert [f"{scene.taken:%d}" for scene in scenes] == ["14", "04", "19"]
    assert [scene.cloud for scene in scenes] == [0, pytest.approx(0.5, abs=0.03), pytest.approx(1)]
    assert {scene.orbit for scene in scenes} == {122, 22} and scenes[0].tile == "33TWL"


def test_the_limit_of_cloud_is_one_over_the_place(catalogue, series):
    assert len(search(place(series[0]), "2024-07", catalogue, max_cloud=60)) == 2
    with pytest.raises(InputError, match="max_cloud"):
        search(place(series[0]), "2024-07-19", catalogue, max_cloud=60)


def test_nothing_found_says_what_would_widen_the_search(catalogue, item):
    with pytest.raises(InputError, match="days"):
        search(place(item), "2024-08", catalogue)
    with pytest.raises(InputError, match="land"):
        search((-30.1, 40, -30, 40.1), "2024-07", catalogue)  # in the sea


def test_the_antimeridian_is_searched_on_both_sides(stac, catalogue, item):
    east = copy.deepcopy(item)
    ring = [[-180, -17], [-179, -17], [-179, -16], [-180, -16], [-180, -17]]
    east["geometry"]["coordinates"] = [ring]
    stac.items[:] = [east]
    with pytest.raises(InputError, match="nothing"):  # its pixels are elsewhere
        search((179.95, -16.6, -179.95, -16.5), "2024-07", catalogue)
    assert stac.requests["POST /search"] == 1


def test_two_tiles_of_a_pass_are_one_scene(stac, catalogue, item):
    stac.items.append(add_item(stac.images, stac.url, land(600, 600), tile="33TXL", origin=(ULX + 6000, ULY)))
    (scene,) = search(box_of(item, 200, 500, 100, 200), "2024-07", catalogue)
    assert sorted(scene.tile.split("+")) == ["33TWL", "33TXL"] and scene.covered == pytest.approx(1, abs=0.01)
    (alone,) = search(place(item), "2024-07", catalogue)
    assert alone.tile == "33TWL"


def test_the_newest_baseline_of_a_scene_counts(stac, catalogue, item):
    old = copy.deepcopy(item)
    old["id"], old["properties"]["s2:processing_baseline"] = "old", "03.01"
    stac.items.insert(0, old)
    assert [scene.baseline for scene in search(place(item), "2024-07", catalogue)] == ["05.10"]


def test_items_that_cannot_be_used_are_left_out_with_a_warning(stac, catalogue, item, caplog):
    for number, change in enumerate(({"geometry": None}, {"assets": {"red": {"href": "https://example.org/B04.tif"}}})):
        stac.items.append({**copy.deepcopy(item), "id": f"odd {number}", **change})
    stac.items[-2]["geometry"] = copy.deepcopy(item["geometry"])
    stac.items[-2]["assets"]["scl"]["href"] += "x"  # 404
    stac.items[-2]["properties"]["datetime"] = "2024-07-15T10:00:00+00:00"
    assert [scene.name for scene in search(place(item), "2024-07", catalogue)] == [item["id"]]
    assert "odd 1" in caplog.text and "404" in caplog.text


def test_an_outline_that_crosses_itself_is_repaired(stac, catalogue, item):
    ring = item["geometry"]["coordinates"][0]
    middle = [(ring[0][0] + ring[2][0]) / 2, (ring[0][1] + ring[2][1]) / 2]
    ring[1:3] = [ring[1], middle, ring[0], ring[1], ring[2]]
    stac.items[:] = [item]
    assert [scene.name for scene in search(place(item), "2024-07", catalogue)] == [item["id"]]


def test_storage_that_refuses_everything_is_an_error(stac, catalogue, item):
    stac.faults["/images"] = 403
    with pytest.raises(ReadError, match="expired"):
        search(place(item), "2024-07", catalogue)


@pytest.mark.parametrize(("option", "value"), [("max_cloud", 101), ("max_cloud", -1), ("limit", 0), ("limit", 1000)])
def test_values_out_of_range_are_refused(catalogue, item, option, value):
    with pytest.raises(InputError, match=option):
        search(place(item), "2024-07", catalogue, **{option: value})


def test_an_unknown_collection_is_refused(catalogue, item):
    with pytest.raises(InputError, match="collection"):
        search(place(item), "2024-07", catalogue, collection="landsat")


def test_an_item_is_opened_by_its_address(catalogue, item):
    scene = open_item(item["links"][0]["href"], place(item), catalogue)
    assert scene.name == item["id"] and scene.cloud == 0
    with pytest.raises(InputError, match="catalogue"):
        open_item(item["links"][0]["href"], place(item))
    with pytest.raises(InputError, match="begins"):
        open_item(item["links"][0]["href"], place(item), stac_api("http://127.0.0.1:9", "s2", {}))


def test_another_server_whose_name_begins_alike_is_not_the_catalogue(item):
    catalogue = stac_api("https://example.com", "s2", {})
    with pytest.raises(InputError, match="begins"):
        open_item("https://example.com.evil.org/collections/s2/items/a", place(item), catalogue)
