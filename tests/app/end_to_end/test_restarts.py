"""What a visitor sees after the server was killed and has started again: half a minute, by name with -m slow."""

import re

import pytest

from tests.app.conftest import SECONDS, Server
from tests.app.end_to_end.test_browser import super_resolve, wait_for_result
from tests.conftest import scene_dn


@pytest.fixture
def server(tmp_path):
    (tmp_path / "products").mkdir()
    server = Server(tmp_path, tmp_path / "products")
    yield server
    server.close()


@pytest.mark.slow
def test_a_page_says_that_a_new_server_does_not_have_its_job_and_goes_on(browser, server, write_tif):
    page = browser.new_page()
    page.goto(server.address)
    page.wait_for_selector("#patch-result sr-viewer", timeout=SECONDS)
    super_resolve(page, write_tif(scene_dn(1200, 1200), "large.tif"))
    page.get_by_text(re.compile("about .* left")).wait_for(timeout=SECONDS)
    server.restart()
    card = page.locator("#patch-result .sr-error")
    card.get_by_text("The server does not have this job").wait_for(timeout=SECONDS)
    page.locator("#sample-image input").check()
    clear = page.locator("#file").get_by_label("Clear")
    if clear.count():  # the page may have loaded again, which forgets the file
        clear.first.click()
    page.click("#start")
    wait_for_result(page, live=False)
    assert "sentinel2_sample.tif" in page.inner_text("#patch-result .sr-title")
    page.close()
