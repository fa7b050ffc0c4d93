"""Large uploads in a browser: they break off, and go on where they stopped."""

import re

import numpy as np
import pytest

from tests.app.conftest import SECONDS, sample_dn
from tests.app.end_to_end.test_browser import upload

SECOND_PART = "**/uploads/*offset=8000000"


@pytest.fixture
def large(write_tif):
    """An image of 12 MB."""
    dn = np.zeros((4, 1224, 1224), np.uint16)
    dn[:, :60, :60] = sample_dn(60)
    return write_tif(dn, "large.tif", bands=("B02", "B03", "B04", "B08"), nodata=0)


@pytest.fixture(autouse=True)
def forgetful(page):
    """The browser of all tests remembers no upload of an earlier one."""
    page.evaluate("localStorage.clear()")


def requests_of(page, method: str) -> list[str]:
    """Return a list that gets the addresses of all requests for uploads by this method."""
    found: list[str] = []
    page.on("request", lambda asked: asked.method == method and "/uploads" in asked.url and found.append(asked.url))
    return found


def test_a_large_upload_goes_on_after_a_break_and_after_a_reload(page, large):
    parts = requests_of(page, "PATCH")
    page.route(SECOND_PART, lambda route: route.abort())
    page.locator("#file input[type=file]").set_input_files(large)
    said = page.locator(".sr-sending").get_by_text("broke at 8.0 of 12 MB. The upload goes on")
    said.wait_for(timeout=SECONDS)
    page.reload()  # the browser remembers how far it was
    page.wait_for_selector("#patch-result sr-viewer", timeout=SECONDS)
    page.unroute(SECOND_PART)
    parts.clear()
    upload(page, "#file", large)
    assert [re.search(r"offset=(\d+)", part)[1] for part in parts] == ["8000000"]  # the first part is not sent again
    assert page.locator(".sr-sending").inner_text() == ""


def test_a_file_that_the_server_has_is_not_sent_again_after_a_reload(page, large):
    upload(page, "#file", large)
    page.reload()
    page.wait_for_selector("#patch-result sr-viewer", timeout=SECONDS)
    begun, parts = requests_of(page, "POST"), requests_of(page, "PATCH")
    upload(page, "#file", large)
    assert begun == parts == []


def test_a_server_that_lost_the_beginning_gets_the_whole_file(page, large):
    begun = requests_of(page, "POST")

    def forget(route) -> None:
        lost = route.request.method == "GET"
        route.fulfill(status=404, json={"detail": "gone"}) if lost else route.fallback()

    page.route("**/uploads/*", forget)
    page.route(SECOND_PART, lambda route: route.abort(), times=1)
    upload(page, "#file", large)
    assert len(begun) == 2
    assert page.locator(".sr-sending").inner_text() == ""


def test_a_file_that_is_too_large_says_so(page, large):
    page.route("**/uploads?*", lambda route: route.fulfill(status=422, json={"detail": "large.tif is too large."}))
    page.locator("#file input[type=file]").set_input_files(large)
    page.locator(".sr-sending").get_by_text("large.tif is too large.").wait_for(timeout=SECONDS)
