"""Places by name, from a small server on loopback whose answers are as bad as answers can be."""

import dataclasses
import json

import pytest

from app.places.geocoder import LONGEST_NAME, MOST_HITS, find_names, read_hits
from app.places.places import Places, box_of
from rs_srgan import InputError
from rs_srgan.errors import ReadError
from tests.app.geocoder import ERICE, Geocoder


@pytest.fixture
def geocoder():
    server = Geocoder([ERICE])
    yield server
    server.shutdown()
    server.server_close()


def test_a_name_becomes_an_area_around_the_place(geocoder):
    (hit,) = find_names(geocoder.url, "Erice & Co")
    assert hit.name == ERICE["display_name"]
    west, south, east, north = box_of(hit.box())
    assert west < 12.5865 < east and south < 38.0372 < north
    assert (north - south) * 111.3 == pytest.approx(2, rel=0.01)
    ((query, agent),) = geocoder.asked
    assert query["q"] == ["Erice & Co"] and query["format"] == ["jsonv2"] and agent.startswith("rs_srgan/")


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"null", b"<html>", b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * 400_000 + b'"', b" " * 600_000],
)
def test_an_answer_of_another_form_is_refused(geocoder, body):
    geocoder.body = body
    with pytest.raises(ReadError, match=r"127\.0\.0\.1"):
        find_names(geocoder.url, "Erice")


@pytest.mark.parametrize(
    "told",
    [
        7,
        [ERICE],
        ERICE | {"lat": "NaN"},
        ERICE | {"lat": 91},
        ERICE | {"lon": "1e999"},
        ERICE | {"lon": None},
        ERICE | {"lat": {"a": 1}},
        ERICE | {"lat": "9" * 5000},
        ERICE | {"display_name": " \u202e\x00 "},
        ERICE | {"display_name": ["Erice"]},
    ],
)
def test_a_place_that_cannot_be_used_is_left_out(told):
    assert read_hits(json.dumps([told, ERICE]).encode(), "host") == read_hits(json.dumps([ERICE]).encode(), "host")


def test_names_are_short_and_hold_no_signs_that_steer_the_page():
    long = ERICE | {"display_name": "a\u202eb\n\x1b" + "x" * 100_000}
    hits = read_hits(json.dumps([long] * 50).encode(), "host")
    assert len(hits) == MOST_HITS
    assert hits[0].name.startswith("a b x") and len(hits[0].name) <= LONGEST_NAME


@pytest.mark.parametrize(("status", "headers"), [(302, {"Location": "http://127.0.0.1:1/"}), (500, {}), (429, {})])
def test_redirects_are_not_followed_and_errors_are_silence(geocoder, status, headers):
    geocoder.status, geocoder.headers = status, headers
    with pytest.raises(ReadError, match=str(status)):
        find_names(geocoder.url, "Erice")
    assert len(geocoder.asked) == 1


def test_a_server_that_is_not_there_is_silent():
    with pytest.raises(ReadError, match="answer"):
        find_names("http://127.0.0.1:1/search", "Erice")


def test_a_server_asks_once_for_each_name_and_never_without_a_geocoder(jobs, geocoder, monkeypatch):
    without = Places(jobs)
    for words in ("", "Erice"):
        with pytest.raises(InputError, match="name"):
            without.look_up(words)
    monkeypatch.setattr(jobs, "settings", dataclasses.replace(jobs.settings, geocoder=geocoder.url))
    places = Places(jobs)
    try:
        assert places.look_up(" Erice ") == places.look_up("Erice")
        assert len(geocoder.asked) == 1
        for words in ("", "x" * 300):
            with pytest.raises(InputError, match="characters"):
                places.look_up(words)
        geocoder.body = b"[]"
        with pytest.raises(InputError, match="knows"):
            places.look_up("Nowhere")
    finally:
        places.close()
        without.close()
