"""What visitors take along and come back to: figures, links to a view, products after a reload, and uploads."""

import io
import re

import numpy as np
from PIL import Image

from tests.app.conftest import SECONDS, sample_dn
from tests.app.end_to_end.test_browser import open_tab
from tests.conftest import scene_dn

STAGE = "document.querySelector('#patch-result sr-viewer').stage"


def test_a_view_has_a_scale_bar_a_figure_and_a_link_that_shows_it_to_others(page, browser, server, tmp_path, write_tif):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.wait_for_selector("#patch-result sr-viewer.sr-live", timeout=SECONDS)
    page.locator("#patch-result [data-plane=earth]").click()
    bar = page.locator("#patch-result .sr-scale")
    bar.wait_for()
    before = bar.inner_text()
    page.evaluate(f"{STAGE}.maps[0].jumpTo({{center: [3.0135, 0.0135], zoom: 17}})")
    page.wait_for_function(
        "before => document.querySelector('#patch-result .sr-scale').innerText != before", arg=before
    )
    page.select_option("#patch-result [name=left]", "bicubic")
    with page.expect_download(timeout=SECONDS) as download:
        page.locator("#patch-result [data-figure=png]").click()
    download.value.save_as(tmp_path / "figure.png")
    figure = np.array(Image.open(io.BytesIO((tmp_path / "figure.png").read_bytes())).convert("L"), int)
    assert figure.shape[1] > 1000 and figure.std() > 20
    page.locator("#patch-result [data-do=link]").click()
    page.get_by_role("button", name="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{server.address}/?job=")
    other = browser.new_page(viewport={"width": 1300, "height": 1000})
    other.goto(link)
    other.wait_for_selector("#patch-result sr-viewer.sr-live", timeout=SECONDS)
    assert other.locator("#patch-result [name=left]").input_value() == "bicubic"
    place = f"[{STAGE}.plane, {STAGE}.maps[0].getZoom(), {STAGE}.maps[0].getCenter().lng.toFixed(4)]"
    assert other.evaluate(place) == ["earth", 17, "3.0135"]
    # an image of one's own opens as a whole, not at the place of the link
    other.locator("#file input[type=file]").set_input_files(write_tif(scene_dn(24, 24), "mine.tif"))
    other.locator("#file").get_by_test_id("download-link").wait_for(timeout=SECONDS)
    other.click("#start")
    other.locator("#patch-result .sr-title", has_text="mine.tif").wait_for(timeout=SECONDS)
    other.wait_for_selector("#patch-result sr-viewer.sr-live", timeout=SECONDS)
    assert "#" not in other.url
    assert other.locator("#patch-result [name=left]").input_value() == "input"
    other.go_back()  # the view of the link
    viewer = "document.querySelector('#patch-result sr-viewer')"
    other.wait_for_function(f"{viewer}?.stage?.maps[0].getZoom() == 17", timeout=SECONDS)
    other.close()


def test_a_reload_keeps_the_product_and_the_area(page):
    open_tab(page, "Tile")
    page.click("#sample-product")
    page.locator("#glance").get_by_text("T31NEA").wait_for(timeout=SECONDS)
    assert "made up" in page.inner_text("#glance")
    field = page.locator("#area textarea, #area input")
    field.fill("3.01 0.01 3.02 0.02")
    page.wait_for_url("**area=3.01*")
    page.reload()
    page.locator("#glance").get_by_text("T31NEA").wait_for(timeout=SECONDS)
    page.wait_for_function("document.querySelector('#area textarea, #area input').value == '3.01 0.01 3.02 0.02'")
    page.locator("#estimate").get_by_text(re.compile(r"11\d x 11\d px")).wait_for(timeout=SECONDS)


def test_a_refused_upload_does_not_lead_to_the_sample(page, tmp_path, write_tif):
    source = write_tif(sample_dn(300), bands=("B02", "B03", "B04", "B08"))
    page.route("**/gradio_api/upload*", lambda route: route.abort())
    page.locator("#file input[type=file]").set_input_files(source)
    page.locator(".sr-sending").get_by_text("upload it again").wait_for(timeout=SECONDS)
    assert not page.locator("#sample-image input").is_checked()
    page.click("#start")
    page.locator("#patch-result .sr-error").get_by_text("There is no image yet").wait_for(timeout=SECONDS)
