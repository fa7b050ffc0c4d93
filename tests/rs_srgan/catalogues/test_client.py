from datetime import date

import pytest

from rs_srgan import InputError, ReadError
from rs_srgan.catalogues.client import MOST_ITEMS, find_items, read_item
from rs_srgan.catalogues.known import stac_api
from rs_srgan.catalogues.place import find_place
from tests.rs_srgan.catalogues.products import box_of

DAYS = (date(2024, 7, 1), date(2024, 7, 31))
TIMEOUT_S = 0.5


def ask(catalogue, item):
    return find_items(catalogue, catalogue.collections[0], find_place(box_of(item, 100, 100, 50, 50)), DAYS, TIMEOUT_S)


def copies(stac, item, count):
    stac.items[:] = [{**item, "id": f"{item['id']}_{number}"} for number in range(count)]


@pytest.mark.parametrize("methods", [("POST", "GET"), ("POST",), ("GET",)])
def test_every_page_is_read_by_any_method(stac, catalogue, item, methods):
    stac.methods = methods
    copies(stac, item, 25)
    assert sorted(each.id for each in ask(catalogue, item)) == sorted(each["id"] for each in stac.items)


def test_only_items_of_the_place_the_days_and_the_collection_are_found(stac, catalogue, item):
    stac.items.append({**item, "id": "other", "collection": "other"})
    late = {**item, "id": "late", "properties": {**item["properties"], "datetime": "2024-08-01T10:00:00+00:00"}}
    stac.items.append(late)
    assert [each.id for each in ask(catalogue, item)] == [item["id"]]


def test_a_catalogue_with_ten_thousand_items_is_read_in_part_with_a_warning(stac, catalogue, item, caplog):
    stac.page = 100
    copies(stac, item, 10_000)
    assert len(ask(catalogue, item)) == MOST_ITEMS
    assert "more than" in caplog.text and sum(stac.requests.values()) < 10


@pytest.mark.parametrize(
    ("where", "fault", "error", "match"),
    [
        ("/search", 403, InputError, "403"),
        ("/search", 503, ReadError, "later"),
        ("/search", "html", ReadError, "STAC"),
        ("/search", "truncated", ReadError, "answer"),
        ("/search", "silent", ReadError, "answer"),
        ("", 400, InputError, "400"),
        ("", "html", ReadError, "STAC"),
        ("", "truncated", ReadError, "answer"),
    ],
)
def test_faults_of_the_catalogue_are_errors_of_one_line(stac, catalogue, item, where, fault, error, match):
    stac.faults[where] = fault
    with pytest.raises(error, match=match) as caught:
        ask(catalogue, item)
    assert "\n" not in str(caught.value)


def test_an_answer_of_another_kind_is_no_stac(stac, catalogue, item, monkeypatch):
    monkeypatch.setattr("tests.rs_srgan.catalogues.server.CONFORMANCE", [])
    with pytest.raises(ReadError, match="STAC"):
        ask(catalogue, item)


def test_a_fault_that_passes_is_not_seen(stac, catalogue, item):
    stac.faults["/search"], stac.times["/search"] = 503, 2
    assert len(ask(catalogue, item)) == 1


def test_nobody_listening_is_an_error(item):
    with pytest.raises(ReadError, match="network"):
        ask(stac_api("http://127.0.0.1:9", "s2", {"B04": "red"}), item)


def test_an_item_is_read_by_its_address(stac, catalogue, item):
    link = item["links"][0]["href"]
    assert read_item(catalogue, link, TIMEOUT_S).id == item["id"]
    with pytest.raises(InputError):
        read_item(catalogue, f"{link}x", TIMEOUT_S)
