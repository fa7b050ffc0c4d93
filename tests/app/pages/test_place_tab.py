import dataclasses
import re
from datetime import date

import gradio as gr
import pytest

from app.jobs.queue import DONE
from app.pages.place_tab import ONE, SEVERAL, answer, months_until, place_tab, propose
from app.places.geocoder import Hit
from app.places.places import Search
from app.viewer.describe import describe_view
from app.viewer.layers import view_of
from rs_srgan import InputError
from rs_srgan.errors import ReadError
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL
from tests.app.places.conftest import places, session_places, title

__all__ = ["places", "session_places", "title"]  # fixtures
pytest.importorskip("pystac_client")

JULY = ("2024-07", "2024-07")


@pytest.fixture
def call(jobs, models, places):
    """Return a function that calls a handler of the tab by its name."""
    with gr.Blocks() as page, gr.Tabs():
        place_tab(jobs, models, places)
    handlers = {each.fn.__name__: each.fn for each in page.fns.values() if each.fn}
    return lambda name, *values: handlers[name](*values)


def test_months_end_today_and_begin_with_the_mission():
    months = months_until(date(2024, 3, 15))
    assert months[0] == ("March 2024", "2024-03") and months[-1] == ("January 2017", "2017-01")


def test_a_page_has_the_months_of_today_also_if_the_server_runs_for_months(jobs, models, places, monkeypatch):
    class Earlier(date):
        """The day on which the server started."""

        @classmethod
        def today(cls):
            return date(2024, 3, 15)

    with monkeypatch.context() as then:
        then.setattr("app.pages.place_tab.date", Earlier)
        with gr.Blocks() as page, gr.Tabs():
            place_tab(jobs, models, places)
        (renew,) = [each for each in page.fns.values() if each.fn and each.fn.__name__ == "renew"]
        assert renew.fn() == (gr.skip(), gr.skip())  # nothing is new
    assert [event for _, event in renew.targets] == ["load"]
    first, last = renew.fn()
    now = months_until(date.today())
    assert first["choices"] == last["choices"] == now
    assert (first["value"], last["value"]) == (now[3][1], now[1][1])
    months = [each["props"]["choices"] for each in page.config["components"] if each["props"].get("label") == "From"]
    assert months[0][0] == ("March 2024", "2024-03")


def test_dates_are_shown_with_the_clearest_one_chosen(call, area, title):
    known, listed, chosen = call("look", area, *JULY, title, ONE)
    assert re.findall(r'aria-pressed="(\w+)"', listed) == ["true", "false", "false"]
    assert "100 % cloud" in listed and f"places/{known}/2.webp" in listed and chosen == "0"
    _, _, listed, chosen = call("change", SEVERAL, known)
    assert chosen == "0 1" and listed.count('aria-pressed="true"') == 2


def test_one_button_finds_reads_and_starts(call, jobs, area, title):
    options = (REVISITS_MODEL, DEFAULT_MODEL, "None", 1.0, False)
    *_, last = call("submit", area, *JULY, title, ONE, "", "", *options)
    assert "12 July 2024" in jobs.get(re.search('data-id="(.*?)"', last[3])[1]).title
    known, *_ = call("look", area, *JULY, title, ONE)
    *_, last = call("submit", area, *JULY, title, ONE, known, "1", *options)
    assert "02 July 2024" in jobs.get(re.search('data-id="(.*?)"', last[3])[1]).title


def test_dates_that_are_taken_out_are_not_used_and_the_first_one_is_the_reference(
    call, jobs, models, places, area, title
):
    options = (REVISITS_MODEL, DEFAULT_MODEL, "None", 1.0, False)
    known, listed, _ = call("look", area, *JULY, title, SEVERAL)
    assert "2 of 3 dates chosen" in listed and re.findall(r'"(\d)" aria-pressed="\w+" data-ref', listed) == ["0"]
    *_, last = call("submit", area, *JULY, title, SEVERAL, known, "1 0", *options)
    job = jobs.get(re.search('data-id="(.*?)"', last[3])[1])
    scenes = places.get(known).scenes
    assert [address.rpartition("/")[2] for address in job.request.scenes] == [scenes[1].name, scenes[0].name]
    assert jobs.wait(job, 120) and job.state == DONE, job.message
    assert job.title == f"{scenes[1].name}, 2 of 2 images used" and job.stem == "33TWL_20240702"
    told = describe_view(view_of(job, [models.config(name) for name in job.request.models]), job, models, "")
    assert [line.split(" -o ")[1].split()[0] for line in told["command"].splitlines()] == [
        "33TWL_20240702_misr-x4-rgbn.tif",
        "33TWL_20240702_sisr-x4-rgbn.tif",
    ]
    for chosen, word in (("", "No date"), ("1", "1 dates")):  # no other date comes in their place
        *_, last = call("submit", area, *JULY, title, SEVERAL, known, chosen, *options)
        assert 'role="alert"' in last[3] and word in last[3]


def test_dates_that_the_server_would_not_choose_can_be_chosen(call, places, area, title):
    known, *_ = call("look", area, *JULY, title, ONE)
    search = dataclasses.replace(places.get(known), scenes=places.get(known).scenes[1:])  # one is clear
    listed, chosen = propose(search, several=True)
    assert chosen == "" and listed.count("<button") == 2 and "true" not in re.findall(r'pressed="(\w+)"', listed)
    assert "expected at least 2" in listed and "0 of 2 dates chosen" in listed


@pytest.mark.parametrize(("area", "chosen", "word"), [("here", "", "area"), (None, "0 1", "chosen")])
def test_a_request_that_cannot_be_is_refused_in_words(call, stac, title, area, chosen, word):
    from tests.rs_srgan.catalogues.products import box_of

    area = area or " ".join(map(str, box_of(stac.items[0], 160, 160, 40, 40)))
    known, *_ = call("look", area, *JULY, title, ONE)
    options = (REVISITS_MODEL, DEFAULT_MODEL, "None", 1.0, False)
    *_, last = call("submit", area, *JULY, title, ONE, known, chosen, *options)
    assert 'role="alert"' in last[3] and word in last[3]


def test_no_network_is_a_state_and_no_error():
    shown = answer(ReadError("Earth Search did not answer."))
    assert 'role="status"' in shown and "other tabs" in shown
    assert 'role="alert"' in answer(InputError("The area is wrong."))


def test_a_server_without_catalogues_has_no_tab(jobs, models, places, monkeypatch):
    monkeypatch.setattr(places, "catalogues", {})
    with gr.Blocks() as page, gr.Tabs():
        place_tab(jobs, models, places)
    (tab,) = [each for each in page.config["components"] if each["type"] == "tabitem"]
    assert tab["props"]["visible"] is False


def test_a_search_knows_when_it_was_used_last():
    assert Search("id", (0, 0, 1, 1), (date(2024, 7, 1),) * 2, "c", []).used > 0


def test_a_name_becomes_an_area_and_a_choice(call, places, monkeypatch):
    hits = [Hit("Erice, Italy", 12.5865, 38.0372), Hit("Erice, elsewhere", 0, 0)]
    monkeypatch.setattr(places, "look_up", lambda words: hits[: len(words)])
    listed, said, area = call("look_up", "ab")
    assert listed["choices"] == [(hit.name, hit.box()) for hit in hits] and listed["visible"]
    assert (said, area) == ("", hits[0].box())
    listed, _, _ = call("look_up", "a")
    assert not listed["visible"]  # there is nothing to choose


def test_a_server_without_a_geocoder_says_so_and_shows_no_field(call, jobs, models, places):
    listed, said, _ = call("look_up", "Erice")
    assert 'role="alert"' in said and "by name" in said and not listed["choices"]
    with gr.Blocks() as page, gr.Tabs():
        place_tab(jobs, models, places)
    field = next(each for each in page.config["components"] if each["props"].get("elem_id") == "place-name")
    assert field["props"]["visible"] is False
