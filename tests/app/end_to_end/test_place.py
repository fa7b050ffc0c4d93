"""From a place to a picture and a map, in a real browser, with a STAC API on loopback."""

import io
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.app.conftest import SECONDS, keep_picture
from tests.app.end_to_end.test_browser import LIVE, open_tab

pytestmark = pytest.mark.skipif(
    not (find_spec("pystac_client") and find_spec("leafmap")), reason="needs the extras stac and maps"
)
DRAWN = "html[data-state=drawn]"


def inner(page) -> np.ndarray:
    """Return the middle of the map as pixels, without names and buttons."""
    shown = np.array(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), int)
    return shown[150:-150, 250:-250]


def inner_after(page, key: str, before: np.ndarray) -> np.ndarray:
    """Press a key on the line; return the middle of the map once it has changed."""
    page.locator("#sr-line").focus()
    page.keyboard.press(key)
    until = time.monotonic() + SECONDS / 1000
    while np.abs((now := inner(page)) - before).mean() < 0.2:
        assert time.monotonic() < until, "The picture did not change."
    return now


def require_swipe(page) -> None:
    """Check that the line moves, and that the two layers are on their sides of it."""
    page.wait_for_selector(DRAWN, state="attached", timeout=SECONDS)
    half = inner(page)
    right = inner_after(page, "Home", half)
    left = inner_after(page, "End", right)
    middle = half.shape[1] // 2
    assert np.abs(half[:, : middle - 30] - left[:, : middle - 30]).mean() < 1
    assert np.abs(half[:, middle + 30 :] - right[:, middle + 30 :]).mean() < 1
    for _ in range(3):
        page.keyboard.press("PageDown")
    line = page.locator("#sr-line").bounding_box()
    page.mouse.move(line["x"] + 18, 400)
    page.mouse.down()
    page.mouse.move(300, 400, steps=3)
    page.mouse.up()
    assert int(page.locator("#sr-line").get_attribute("aria-valuenow")) == round(30_000 / page.viewport_size["width"])


def foreign(requests: list[str], *own: str) -> list[str]:
    return [url for url in requests if not url.startswith((*own, "data:", "blob:"))]


def test_a_place_becomes_a_picture_and_a_map(browser, server, stac, area):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(server.address)
    open_tab(page, "Place")
    page.locator(".sr-world canvas").click()
    page.wait_for_function(
        "document.querySelector('#place-area input, #place-area textarea').value.split(' ').length == 4"
    )
    west, south, east, north = map(float, page.locator("#place-area").get_by_role("textbox").input_value().split())
    assert (north - south) * 111.3 == pytest.approx(2, rel=0.01) and west < east

    for label in ("From", "To"):
        field = page.get_by_label(label, exact=True)
        field.fill("July 2024")
        page.get_by_role("option", name="July 2024").last.click()  # the first list is still closing
    page.locator("#place-name").get_by_role("textbox").fill("Middle")
    page.keyboard.press("Enter")
    named = page.locator("#place-hits").get_by_role("radio")
    named.first.wait_for(timeout=SECONDS)
    assert "Middle <b>of</b> the land" in page.locator("#place-hits").inner_text()  # as text
    named.nth(1).click()
    field = "document.querySelector('#place-area input, #place-area textarea').value"
    page.wait_for_function(f"{field}.startsWith('12.5')", timeout=SECONDS)
    page.wait_for_function(
        "Math.abs(document.querySelector('sr-place').map.getCenter().lng - 12.5865) < 0.1", timeout=SECONDS
    )
    page.locator("#place-area").get_by_role("textbox").fill(area)
    stac.faults["/search"] = 503
    page.click("#find-dates")
    assert "The other tabs" in page.locator("#dates [role=status]").inner_text(timeout=SECONDS)
    stac.faults.clear()
    dates = page.locator("sr-dates button")
    page.click("#find-dates")
    dates.nth(2).wait_for(timeout=SECONDS)
    assert [each.get_attribute("aria-pressed") for each in dates.all()] == ["true", "false", "false"]
    assert "100 % cloud" in dates.nth(2).inner_text()
    page.wait_for_function("document.querySelector('sr-dates img').naturalWidth > 0", timeout=SECONDS)
    dates.nth(1).click()
    started = time.monotonic()
    page.click("#start-place")
    page.wait_for_selector(f"#place-result {LIVE}", timeout=SECONDS)
    print(f"place to picture in {time.monotonic() - started:.1f} s")
    assert "02 July 2024" in page.inner_text("#place-result .sr-title")
    keep_picture(page, "place", full_page=True)

    with page.context.expect_page() as opened:
        page.locator("#place-result .sr-open-map").click()
    require_swipe(opened.value)
    keep_picture(opened.value, "map")
    assert foreign(asked, server.address) == []
    page.reload()
    page.wait_for_selector(f"#place-result {LIVE}", timeout=SECONDS)
    page.close()


def test_single_dates_can_be_taken_out_and_added(browser, server, area):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.goto(server.address)
    open_tab(page, "Place")
    page.locator("#place-area").get_by_role("textbox").fill(area)
    for label in ("From", "To"):
        page.get_by_label(label, exact=True).fill("July 2024")
        page.get_by_role("option", name="July 2024").last.click()  # the first list is still closing
    page.locator("#place-kind").get_by_text("Several revisits").click()
    page.click("#find-dates")
    dates, count = page.locator("sr-dates button"), page.locator("sr-dates .sr-count")
    dates.nth(2).wait_for(timeout=SECONDS)
    field = page.locator("#place-chosen").get_by_role("textbox", include_hidden=True)
    shown = "sr-dates .sr-role:visible"
    assert (field.input_value(), count.inner_text()) == ("0 1", "2 of 3 dates chosen")
    assert dates.nth(0).locator(".sr-role").is_visible() and page.locator(shown).count() == 1
    dates.nth(0).click()
    assert (field.input_value(), count.inner_text()) == ("1", "1 of 3 dates chosen")
    dates.nth(0).click()
    assert field.input_value() == "1 0" and count.inner_text() == "2 of 3 dates chosen"
    assert dates.nth(1).locator(".sr-role").is_visible() and page.locator(shown).count() == 1
    assert [each.get_attribute("aria-pressed") for each in dates.all()] == ["true", "true", "false"]
    page.locator("#place-kind").get_by_text("The clearest date").click()
    count.wait_for(state="detached", timeout=SECONDS)
    dates.nth(1).click()
    assert field.input_value() == "1" and page.locator(shown).count() == 0
    page.close()


def test_a_written_map_opens_without_a_server(browser, write_tif, tmp_path):
    from rs_srgan import maps
    from tests.conftest import UTM_10M, scene_dn

    lr = scene_dn(60, 80)
    fine = UTM_10M * UTM_10M.scale(0.25)
    sources = (
        write_tif(lr, "it's <lr>.tif"),
        write_tif(lr.repeat(4, 1).repeat(4, 2)[..., ::-1], "sr.tif", transform=fine),
    )
    compared = maps.compare(*sources, names=("It's LR", "SR </script>"))
    target = Path(tmp_path) / "map.html"
    compared.to_html(target)
    compared.close()
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(target.as_uri())
    require_swipe(page)
    assert foreign(asked, target.as_uri()) == []
    assert page.locator("#sr-right").inner_text() == "SR </script>" and page.title() == "it's <lr>.tif and sr.tif"
    page.evaluate("srMap.jumpTo({zoom: srMap.getZoom() - 1})")
    before = inner(page)
    page.locator("#sr-opacity input").fill("0")
    inner_after(page, "ArrowLeft", before)
    page.close()
