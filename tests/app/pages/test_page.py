import dataclasses

import gradio as gr
import pytest

from app.jobs.request import make_revisits_request
from app.jobs.submit import submit_image, submit_views
from app.pages.forms import job_html
from app.pages.page import build
from app.pages.sessions import MOST_SESSIONS
from app.places.places import Places
from app.products.store import Products
from app.products.submit import submit_product
from rs_srgan.hub.names import REVISITS_MODEL
from tests.app.conftest import REQUEST, end
from tests.conftest import scene_dn

PLACES = ("patch", "place", "tile", "revisits")


@pytest.fixture
def products(settings, jobs):
    return Products(settings, jobs)


@pytest.fixture
def places(jobs):
    places = Places(jobs)
    yield places
    places.close()


@pytest.fixture
def page(settings, models, jobs, products, places, write_tif):
    sample = submit_image(jobs, write_tif(scene_dn(16, 16), "sample.tif"), REQUEST)
    return build(settings, models, jobs, products, places, sample)


@pytest.fixture
def reopen(page):
    """Return a function that loads the page with a job in its address; it returns the changed places and the tab."""
    (load,) = [
        each.fn
        for each in page.fns.values()
        if each.fn and (each.fn.__module__, each.fn.__name__) == (build.__module__, "reopen")
    ]

    def open_with(**query):
        *places, tabs = load(gr.Request(query_params=query))
        changed = {name: place for name, place in zip(PLACES, places, strict=True) if isinstance(place, str)}
        return changed, getattr(tabs, "selected", None)

    return open_with


def test_there_is_one_tab_for_each_module(page):
    found = [each["props"]["id"] for each in page.config["components"] if each["type"] == "tabitem"]
    assert found == ["patch", "place", "tile", "revisits", "models", "about"]


def test_gradio_remembers_a_bounded_number_of_sessions(page):
    assert gr.routes.App.create_app(page).state_holder.capacity == MOST_SESSIONS


def test_without_a_job_in_the_address_nothing_changes(reopen):
    assert reopen() == ({}, None)


def test_a_job_of_one_image_is_shown_in_its_tab(reopen, jobs, write_tif):
    job = submit_image(jobs, write_tif(scene_dn(16, 16)), REQUEST)
    assert reopen(job=job.id) == ({"patch": job_html(job.id)}, "patch")
    end(jobs, job)


def test_a_job_of_revisits_is_shown_in_its_tab(reopen, jobs, models):
    job = submit_views(jobs, [], make_revisits_request(models, REVISITS_MODEL))
    assert reopen(job=job.id) == ({"revisits": job_html(job.id)}, "revisits")
    end(jobs, job)


def test_a_job_of_a_place_is_shown_in_its_tab(reopen, jobs, write_tif):
    asked = dataclasses.replace(REQUEST, scenes=("https://catalogue.example/collections/c/items/i",))
    job = submit_image(jobs, write_tif(scene_dn(16, 16)), asked)
    assert reopen(job=job.id) == ({"place": job_html(job.id)}, "place")
    end(jobs, job)


def test_a_job_of_a_product_is_shown_in_its_tab(reopen, jobs, products, product_zip):
    job = submit_product(jobs, products.receive(product_zip), "15.02 45.12 15.021 45.121", REQUEST)
    assert reopen(job=job.id) == ({"tile": job_html(job.id)}, "tile")
    end(jobs, job)


def test_a_removed_job_is_shown_in_the_first_tab_which_explains_it(reopen):
    assert reopen(job="removed") == ({"patch": job_html("removed")}, "patch")


def test_a_job_in_the_address_is_escaped(reopen):
    changed, _ = reopen(job='"><script>')
    assert "<script>" not in changed["patch"]
