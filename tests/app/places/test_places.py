import pytest

from app.errors import Gone
from app.places.places import box_of, is_silence
from rs_srgan import InputError

JULY = "2024-07/2024-07"


def test_a_search_finds_dates_once_and_their_pictures(places, stac, area, title):
    found = places.search(area, JULY, title)
    assert [f"{scene.taken:%d}" for scene in found.scenes] == ["12", "02", "07"]
    before = stac.requests.total()
    assert places.search(area, JULY, title) is found and places.get(found.id) is found
    assert stac.requests.total() == before
    assert places.picture(found, 0)[8:12] == b"WEBP"
    before = stac.requests.total()
    assert places.picture(found, 0) and stac.requests.total() == before
    with pytest.raises(Gone):
        places.picture(found, 3)
    places.clear(0)
    with pytest.raises(Gone, match="again"):
        places.get(found.id)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"catalogue": "https://evil.example/stac"}, "ask"),
        ({"dates": "2023-01/2024-12"}, "366"),
        ({"dates": "2024-08/2024-07"}, "reversed"),
        ({"dates": "2019-01/2019-02"}, "scene"),
    ],
)
def test_a_search_that_cannot_be_is_refused(places, area, title, change, word):
    asked = {"area": area, "dates": JULY, "catalogue": title} | change
    with pytest.raises(InputError, match=word) as refused:
        places.search(**asked)
    assert not is_silence(refused.value)


@pytest.mark.parametrize(
    "area", ["", "here", "1 2 3", "10 46 9 47", "10 46 11 47", "1 88 1.01 88.01", "nan 1 2 3", "1 " * 5000]
)
def test_an_area_that_is_none_or_too_large_is_refused(area):
    with pytest.raises(InputError, match="area"):
        box_of(area)


def test_an_area_may_cross_180_degrees():
    assert box_of("179.99, 10, -179.99, 10.02") == (179.99, 10, -179.99, 10.02)


def test_a_catalogue_that_is_silent_is_no_fault_of_the_visitor(places, stac, area, title):
    stac.faults["/search"] = 503
    try:
        with pytest.raises(InputError) as error:
            places.search(area, "2024-06/2024-07", title)
    finally:
        stac.faults.clear()
    assert is_silence(error.value)


def test_a_process_starts_once_before_the_first_search(places):
    assert places.get_ready() is places.get_ready()
    places.get_ready().join()
