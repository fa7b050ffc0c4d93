"""The page in a real browser. RS_SRGAN_SCREENSHOTS names a folder for pictures of it; -s prints measured times."""

import io
import json
import re
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from tests.app.conftest import SECONDS, Server, keep_picture, sample_dn, write_product
from tests.conftest import scene_dn
from tests.safe_builder import zip_safe

LIVE = "sr-viewer.sr-live"
STAGE = "document.querySelector('#tile-result sr-viewer').stage"


def upload(page, field: str, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator(f"{field} button").first.click()
    chooser.value.set_files(path)
    page.locator(field).get_by_test_id("download-link").wait_for(timeout=SECONDS)


def super_resolve(page, path: Path) -> None:
    upload(page, "#file", path)
    page.click("#start")


def wait_for_result(page, place: str = "#patch-result", live: bool = True) -> None:
    page.wait_for_selector(f"{place} sr-job[data-remember] {LIVE if live else 'sr-viewer'}", timeout=SECONDS)


def open_tab(page, name: str) -> None:
    """Open a tab. On a phone the last tabs move into a menu some time after the page has loaded."""
    tab, menu = page.get_by_role("tab", name=name), page.locator(".overflow-menu > button")
    within = page.locator(".overflow-dropdown").get_by_text(name)
    until = time.monotonic() + SECONDS / 1000
    while time.monotonic() < until:
        with suppress(Exception):  # the tab moved during the click; Playwright raises several classes
            if not tab.or_(within).is_visible():
                menu.click(timeout=1000)
            tab.or_(within).click(timeout=1000)
            return
    pytest.fail(f"There is no tab {name}.")


def job_of(page) -> str:
    page.wait_for_function("location.search.includes('job=')", timeout=SECONDS)
    return page.url.rpartition("job=")[2]


def refusal(page, place: str = "#patch-result") -> str:
    card = page.locator(f"{place} .sr-error")
    card.wait_for(timeout=SECONDS)
    text = card.inner_text()
    assert "Traceback" not in text and "/tmp" not in text
    return text


def shot(page, selector: str) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB"), int)


def shot_that(page, fits: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Return a picture of the stage once it meets a condition: it is painted some time after a change."""
    until = time.monotonic() + SECONDS / 1000
    while not fits(now := shot(page, ".sr-stage")):
        assert time.monotonic() < until, "The picture did not change."
    return now


@pytest.fixture
def viewer(shared_page):
    """The shared page with a new view of the sample: nothing that an earlier test did is left."""
    shared_page.bring_to_front()
    open_tab(shared_page, "Patch")
    shared_page.evaluate("""() => {
        const before = document.querySelector("#patch-result sr-viewer");
        before.replaceWith(Object.assign(document.createElement("sr-viewer"), {job: before.job}));
    }""")
    shared_page.wait_for_selector(LIVE, timeout=SECONDS)
    shared_page.locator("#patch-result [data-plane=pixels]").click()
    return shared_page


def test_the_first_picture_needs_no_click_and_no_other_server(browser, server):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    outside = []
    page.on("request", lambda request: outside.append(request.url))
    page.goto(server.address)
    page.wait_for_function("document.querySelector('.sr-poster-right img')?.naturalWidth > 0", timeout=SECONDS)
    loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    seconds = page.evaluate(f"(performance.now() - {loaded}) / 1000")
    page.wait_for_selector(LIVE, timeout=SECONDS)
    assert [url for url in outside if not url.startswith((server.address, "blob:", "data:"))] == []
    assert page.locator("#patch-result .sr-title").inner_text().startswith("sentinel2_sample.tif")
    assert "300 x 300 px became 1200 x 1200 px" in page.inner_text("#patch-result .sr-title")
    keep_picture(page, "app")
    page.close()
    print(f"first picture after {seconds:.1f} s")


def test_an_upload_is_shown_with_the_slider(page, write_tif):
    source = write_tif(sample_dn(512), bands=("B02", "B03", "B04", "B08"))
    page.wait_for_selector(LIVE, timeout=SECONDS)
    started = time.monotonic()
    super_resolve(page, source)
    page.wait_for_function(
        "job => { const image = document.querySelector('#patch-result .sr-poster-right img');"
        " return image?.src.includes(job) && image.naturalWidth > 0 }",
        arg=job_of(page),
        timeout=SECONDS,
    )
    print(f"upload to slider in {time.monotonic() - started:.1f} s")


def test_the_line_moves_by_mouse_and_by_keyboard(viewer):
    handle = viewer.locator(".sr-handle")
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    viewer.mouse.move(x, y)
    viewer.mouse.down()
    viewer.mouse.move(x - 200, y, steps=4)
    viewer.mouse.up()
    dragged = int(handle.get_attribute("aria-valuenow"))
    assert dragged < 45
    viewer.keyboard.press("ArrowRight")
    assert int(handle.get_attribute("aria-valuenow")) == dragged + 2
    viewer.keyboard.press("End")
    assert viewer.locator(".sr-map-right").evaluate("element => element.style.clipPath") == "inset(0px 0px 0px 100%)"


def test_both_sides_zoom_together(viewer):
    viewer.select_option("[name=left]", "sr")  # both sides are equal
    before = shot(viewer, ".sr-stage")
    box = viewer.locator(".sr-stage").bounding_box()
    viewer.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.4)
    viewer.mouse.wheel(0, -600)
    stage = "document.querySelector('sr-viewer').stage"
    viewer.wait_for_function(f"{stage}.maps[0].getZoom() > 18.6 && !{stage}.maps[0].isMoving()")
    assert viewer.evaluate(f"{stage}.maps[0].getZoom() == {stage}.maps[1].getZoom()")
    assert viewer.evaluate(f"{stage}.maps[0].getCenter().lng == {stage}.maps[1].getCenter().lng")
    assert np.abs(shot(viewer, ".sr-stage") - before).mean() > 5


def test_one_to_one_shows_the_pixels_of_the_result(viewer):
    """The screen shows the pixels that the server has drawn, without resampling."""
    viewer.get_by_role("button", name="1:1").click()
    viewer.keyboard.press("Tab")
    viewer.locator(".sr-handle").focus()
    viewer.keyboard.press("Home")  # shows the right side only
    viewer.wait_for_function("document.querySelector('sr-viewer').stage.maps[1].areTilesLoaded()")
    job = viewer.locator("sr-job").first.get_attribute("data-id")
    address = viewer.url.rstrip("/")
    whole = viewer.request.get(f"{address}/jobs/{job}/pictures/sr.webp?size=1200").body()
    expected = np.array(Image.open(io.BytesIO(whole)).convert("RGB"), int)
    assert expected.shape == (1200, 1200, 3)
    inner = shot(viewer, ".sr-stage")[100:-100, 60:-60]
    middle = inner[:64, :64]
    starts = np.argwhere((expected[:-64, :-64] == middle[0, 0]).all(2))
    found = [(row, col) for row, col in starts if (expected[row : row + 64, col : col + 64] == middle).all()]
    assert len(found) == 1
    (row, col) = found[0]
    here = expected[row : row + len(inner), col : col + len(inner[0])]
    same = (here == inner[: len(here), : here.shape[1]]).all(2)
    assert same.mean() > 0.98  # all pixels except the handle of the line


def test_composites_layers_and_opacity_change_the_picture(viewer):
    seen = [shot(viewer, ".sr-stage")]
    for name, value in (("composite", "NDVI"), ("right", "difference"), ("right", "consistency"), ("left", "bicubic")):
        viewer.select_option(f"[name={name}]", value)
        viewer.wait_for_function(
            "([name, value]) => document.querySelector('.sr-poster-' + (name == 'left' ? 'left' : 'right') + ' img')"
            ".src.includes(encodeURIComponent(value))",
            arg=[name, value],
        )
        seen.append(shot_that(viewer, lambda now: np.abs(now - seen[-1]).mean() > 1))
    assert viewer.locator(".sr-legend-right").inner_text().endswith("reflectance")
    viewer.select_option("[name=right]", "uncertainty")
    viewer.get_by_text("80 % of the true values. On unseen Sentinel-2 sites it contained 8").wait_for()
    viewer.get_by_text("Adjust").click()
    viewer.locator("[name=opacity]").fill("0")
    shot_that(viewer, lambda now: now[200:400, 100:300].std() < seen[0][200:400, 100:300].std())


def test_the_last_of_several_quick_changes_is_shown(viewer):
    for composite in ("NDVI", "B08", "False colour"):
        viewer.select_option("[name=composite]", composite)
    viewer.wait_for_function(
        "document.querySelector('#patch-result sr-viewer').stage.maps.every("
        "map => map.getStyle().sources.image?.tiles[0].includes('False+colour') && map.areTilesLoaded())",
        timeout=SECONDS,
    )


def test_a_finer_screen_shows_finer_pixels(browser, server):
    page = browser.new_page(viewport={"width": 900, "height": 700}, device_scale_factor=2)
    page.goto(server.address)
    page.wait_for_selector(LIVE, timeout=SECONDS)
    page.get_by_role("button", name="1:1").click()
    page.select_option("[name=left]", "sr")
    page.wait_for_function(
        "document.querySelector('#patch-result sr-viewer').stage.maps.every(map => map.areTilesLoaded())",
        timeout=SECONDS,
    )
    one = shot_that(page, lambda now: (np.diff(now[200:400, 200:400], axis=1) != 0).any(2).mean() > 0.5)
    page.close()
    # without finer pixels, neighbours would be equal in pairs
    assert (np.diff(one[200:400, 200:400], axis=1)[:, ::2] != 0).any(2).mean() > 0.5
    assert (np.diff(one[200:400, 200:400], axis=1)[:, 1::2] != 0).any(2).mean() > 0.5


def test_a_click_shows_the_values_of_the_geotiff(viewer, tmp_path):
    box = viewer.locator(".sr-stage").bounding_box()
    viewer.mouse.click(box["x"] + box["width"] * 0.61, box["y"] + box["height"] * 0.35)
    title = viewer.locator(".sr-pick h3")
    title.wait_for()
    row, col = map(int, re.findall(r"\d+", title.inner_text())[:2])
    with viewer.expect_download() as download:
        viewer.get_by_role("link", name="sisr-x4-rgbn").click()
    download.value.save_as(tmp_path / "sr.tif")
    with rasterio.open(tmp_path / "sr.tif") as result:
        expected = result.read()[:, row, col]
    shown = viewer.locator(".sr-values tr[data-layer=dn] td").all_inner_texts()
    assert [int(value) for value in shown] == expected.tolist()
    reflectance = viewer.locator(".sr-values tr[data-layer=sr] td").all_inner_texts()
    np.testing.assert_allclose([float(value) for value in reflectance], expected / 10_000, atol=5e-5)
    assert viewer.locator(".sr-chart polyline").count() == 3


@pytest.mark.parametrize("side", [480, pytest.param(1080, marks=pytest.mark.slow)])
def test_an_area_of_a_zipped_product_is_shown_on_the_map(page, tmp_path, side):
    """The test goes from the upload to the values of a pixel. The larger area has 10 x 10 km.

    .venv/bin/python -m pytest -m slow tests/app/end_to_end/test_browser.py
    """
    archive = zip_safe(write_product(tmp_path / "product", side))
    page.get_by_role("tab", name="Tile").click()
    page.get_by_text("No product yet").wait_for()
    started = time.monotonic()
    upload(page, "#product", archive)
    facts = page.locator("#glance .sr-facts")
    facts.wait_for(timeout=SECONDS)
    for fact in (
        "L2A, tile T33TWL",
        "10 August 2023, 10:00 UTC",
        "12.5 %",
        "05.09, offset -1000 DN",
        "45.15° N 15.00° E",
    ):
        assert fact in facts.inner_text()
    page.wait_for_function("document.querySelector('sr-quicklook img').naturalWidth > 0")
    print(f"upload of {archive.stat().st_size / 1e6:.0f} MB to the quicklook in {time.monotonic() - started:.1f} s")
    page.locator("#estimate").get_by_text("about").wait_for()
    before = page.locator("#area textarea, #area input").input_value()
    box = page.locator("sr-quicklook img").bounding_box()
    corner = (box["x"] + box["width"] * 0.01, box["y"] + box["height"] * 0.01)
    page.mouse.move(*corner)
    page.mouse.down()
    page.mouse.move(corner[0] + box["width"] * 0.93, corner[1] + box["height"] * 0.93, steps=4)
    page.mouse.up()
    area = "document.querySelector('#area textarea, #area input').value"
    page.wait_for_function(f"before => {area} != before", arg=before)
    page.wait_for_function(
        "side => { const cols = parseInt(document.querySelector('#estimate').innerText);"
        " return cols > 0.9 * side && cols < 0.96 * side; }",
        arg=side,
    )
    page.get_by_role("button", name="Super-resolve this area").click()
    wait_for_result(page, "#tile-result")
    page.wait_for_function(
        "document.querySelector('#tile-result sr-viewer').stage.maps.every(map => map.areTilesLoaded())"
    )
    keep_picture(page, "tile", full_page=True)

    viewer = page.locator("#tile-result sr-viewer")
    assert viewer.get_by_role("button", name="Map").get_attribute("aria-pressed") == "true"
    viewer.locator(".sr-stage").scroll_into_view_if_needed()
    right = shot(page, "#tile-result .sr-stage")
    viewer.locator(".sr-handle").focus()
    page.keyboard.press("End")
    assert np.abs(shot(page, "#tile-result .sr-stage")[:, -300:] - right[:, -300:]).mean() > 1  # now the input is shown

    box = viewer.locator(".sr-stage").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.55)
    viewer.locator(".sr-pick h3").wait_for()
    print(f"upload of a product to the numbers under a click in {time.monotonic() - started:.1f} s")
    row, col = map(int, re.findall(r"\d+", viewer.locator(".sr-pick h3").inner_text())[:2])
    numbers = viewer.locator(".sr-values").inner_text()
    with page.expect_download() as download:
        viewer.get_by_role("link", name="sisr-x4-rgbn").click()
    download.value.save_as(tmp_path / "sr.tif")
    with rasterio.open(tmp_path / "sr.tif") as result:
        assert result.width > 3.6 * side and result.crs.to_epsg() == 32633
        expected = result.read()[:, row, col].tolist()
        assert result.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    shown = viewer.locator(".sr-values tr[data-layer=dn] td").all_inner_texts()
    assert [int(value) for value in shown] == expected

    with page.expect_download() as download:
        viewer.get_by_role("button", name="This comparison").click()
    assert download.value.suggested_filename == "T33TWL_20230810_comparison.png"

    lon, lat = re.search(r"([\d.]+)° N ([\d.]+)° E", viewer.locator(".sr-pick h3").inner_text()).group(2, 1)
    viewer.get_by_role("button", name="Pixels").click()
    page.wait_for_function(f"{STAGE}.plane == 'pixels'")
    page.evaluate(f"([row, col]) => {STAGE}.onPick({{row: row + 0.5, col: col + 0.5}})", [row, col])
    page.wait_for_function("document.querySelector('#tile-result .sr-pick h3').innerText.length > 0")
    assert viewer.locator(".sr-values").inner_text() == numbers
    assert float(lon) > 15 and float(lat) > 45

    address = page.url
    page.reload()  # leads to the same result
    page.wait_for_selector(f"#tile-result {LIVE}", timeout=SECONDS)
    assert page.url == address


def test_a_typed_area_is_outlined(page, product_zip):
    page.get_by_role("tab", name="Tile").click()
    upload(page, "#product", product_zip)
    page.locator(".sr-area").wait_for(timeout=SECONDS)
    drawn = page.locator(".sr-area").bounding_box()
    west, south, east, north = map(float, page.locator("#area textarea, #area input").input_value().split())
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    field = page.locator("#area textarea, #area input")
    field.fill(f"{(west + east) / 2} {(south + north) / 2} {east} {north}")
    page.wait_for_function(f"document.querySelector('.sr-area').getBoundingClientRect().width < {0.7 * drawn['width']}")
    field.fill(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    page.wait_for_function(f"document.querySelector('.sr-area').getBoundingClientRect().width > {0.9 * drawn['width']}")
    assert page.locator(".sr-area").bounding_box() == pytest.approx(drawn, abs=3)


def test_a_product_of_the_server_can_be_chosen_by_keyboard(page):
    page.get_by_role("tab", name="Tile").click()
    page.locator("#offered input").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#glance .sr-facts").get_by_text("T33TWL").wait_for(timeout=SECONDS)


def test_the_comparison_can_be_downloaded_as_a_picture(viewer, tmp_path):
    with viewer.expect_download() as download:
        viewer.get_by_role("button", name="This comparison").click()
    download.value.save_as(tmp_path / "a.png")
    picture = np.array(Image.open(tmp_path / "a.png"))
    middle = picture.shape[1] // 2
    assert (picture[:, middle] == 255).all()
    assert picture[..., :3].std() > 20


def test_the_back_button_leads_to_the_result_before_whatever_its_name_contains(page, write_tif):
    titles = page.locator("#patch-result .sr-title h2")
    for name, title in (('l\'été "x" & <b>.tif', "l'été"), ("second.tif", "second.tif")):
        if name == "second.tif":
            page.locator("#file").get_by_label("Clear").first.click()
        super_resolve(page, write_tif(scene_dn(20, 20), name))
        titles.get_by_text(title).wait_for(timeout=SECONDS)
    page.go_back()
    titles.get_by_text("l'été").wait_for(timeout=SECONDS)


def test_others_see_a_result_by_its_address_only(page, browser, server, write_tif):
    super_resolve(page, write_tif(scene_dn(30, 30), "mine.tif"))
    wait_for_result(page, live=False)
    stranger = browser.new_context().new_page()
    stranger.add_init_script("""
        const titles = window.titles = new Set();
        const look = () => document.querySelectorAll(".sr-title h2").forEach(title => titles.add(title.textContent));
        new MutationObserver(look).observe(document, {childList: true, subtree: true});
    """)
    stranger.goto(server.address)
    stranger.wait_for_selector("#patch-result sr-viewer", timeout=SECONDS)
    assert "mine.tif" not in stranger.content()
    assert stranger.request.get(f"{server.address}/jobs/").status == 404
    stranger.goto(f"{server.address}/?job={job_of(page)[:-1]}")
    assert "not available" in refusal(stranger)
    stranger.goto(page.url)
    stranger.locator("#patch-result .sr-title", has_text="mine.tif").wait_for(timeout=SECONDS)
    assert stranger.evaluate("[...titles]") == ["mine.tif"]  # not even for a moment that of the sample
    stranger.context.close()


def test_two_models_are_compared(page, write_tif):
    page.wait_for_selector(LIVE, timeout=SECONDS)
    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="srgan-x4-rgbn").click()
    super_resolve(page, write_tif(sample_dn(60), bands=("B02", "B03", "B04", "B08")))
    wait_for_result(page)
    assert page.locator(".sr-tag-left").inner_text() == "srgan-x4-rgbn"
    assert page.locator(".sr-tag-right").inner_text() == "sisr-x4-rgbn"
    assert "srgan-x4-rgbn" in page.locator("[data-recipe=command]").text_content()


def test_detail_is_offered_for_models_that_have_it(page, write_tif):
    page.wait_for_selector(LIVE, timeout=SECONDS)
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name="srgan-x4-rgbn").click()
    page.get_by_text("all texture that the model adds").wait_for(timeout=SECONDS)
    super_resolve(page, write_tif(scene_dn(40, 40)))
    wait_for_result(page, live=False)
    assert "--detail 1" in page.locator("[data-recipe=command]").text_content()


def test_a_stop_leaves_nothing_and_frees_the_process(page, browser, server, write_tif):
    super_resolve(page, write_tif(scene_dn(1200, 1200), "large.tif"))
    page.get_by_text(re.compile("thousand per second, about .* left")).wait_for(timeout=SECONDS)
    job = job_of(page)
    assert list(server.folder.glob(f"rs_srgan_*/{job}/*.partial"))
    started = time.monotonic()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("The server has removed its files.").wait_for()
    print(f"stopped in {time.monotonic() - started:.1f} s")
    assert not list(server.folder.glob(f"rs_srgan_*/{job}"))
    other = browser.new_page()
    other.goto(server.address)
    super_resolve(other, write_tif(scene_dn(20, 20), "small.tif"))
    wait_for_result(other, live=False)
    other.close()


def test_wrong_files_are_clear_errors(page, tmp_path, write_tif):
    alerts = []
    page.on("dialog", lambda dialog: (alerts.append(dialog), dialog.dismiss()))
    write_tif(scene_dn(20, 20, bands=3), "rgb.tif", bands=("B04", "B03", "B02"))
    for name, content, words in (
        ("rgb.tif", None, "B08"),
        ("text.tif", b"no image", "text.tif"),
        ("cut.tif", b"II*\0garbage", "cut.tif"),
        ("a.tif", b"<VRTDataset></VRTDataset>", "a.tif"),
        ("l'été <img src=x onerror=alert(1)>.tif", b"II*\0garbage", "l'été img src=x"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
            page.locator("#file").get_by_label("Clear").first.click()
        super_resolve(page, tmp_path / name)
        page.locator("#patch-result .sr-error").get_by_text(words).wait_for(timeout=SECONDS)
        refusal(page)
    assert not alerts


def test_without_an_image_the_sample_is_used(page):
    page.wait_for_selector(LIVE, timeout=SECONDS)
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name="sisr-x2-rgbn").click()
    page.get_by_text("x2. On unseen sites").wait_for(timeout=SECONDS)
    page.click("#start")
    wait_for_result(page, live=False)
    assert "300 x 300 px became 600 x 600 px" in page.inner_text("#patch-result .sr-title")


def test_an_unsafe_archive_is_refused_on_the_page(page, tmp_path):
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../../MTD_MSIL2A.xml", "<x/>")
    page.get_by_role("tab", name="Tile").click()
    upload(page, "#product", tmp_path / "slip.zip")
    assert "slip.zip is refused" in refusal(page, "#glance")


def test_a_wrong_model_is_refused_on_the_page(page):
    page.get_by_role("tab", name="Models").click()
    for name, words in (
        ("/etc/passwd", "organisation/name"),
        ("organisation/name", "the Hub does not answer"),
    ):
        page.locator("#hub-id").get_by_role("textbox").fill(name)
        page.get_by_role("button", name="Fetch").click()
        page.locator("#hub-said").get_by_text(words).wait_for(timeout=SECONDS)


AXE = find_spec("axe_playwright_python")
TABS = ("Patch", "Place", "Tile", "Revisits", "Models", "About")
PLACES = {
    "Patch": "#start",
    "Place": ".sr-world canvas",
    "Tile": "#start-tile",
    "Revisits": "#start-revisits",
    "Models": "#hub-id",
    "About": "#about-text",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(browser, server, scheme):
    """axe-core finds no violation of WCAG 2.1 A and AA; headings skip no level. In the dark only the colours differ."""
    rules = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']" if scheme == "light" else "['color-contrast']"
    if AXE is None:
        pytest.skip("pip install axe-playwright-python")
    page = browser.new_page(viewport={"width": 1300, "height": 1000}, color_scheme=scheme, reduced_motion="reduce")
    page.goto(server.address)
    page.wait_for_selector(LIVE, timeout=SECONDS)
    # through the driver, since the security policy of the page could forbid a script
    page.evaluate((Path(AXE.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8"))
    problems = []
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.locator(PLACES[tab]).wait_for()
        if tab == "Models":
            page.get_by_role("button", name="Card of sisr-x4-rgbn").first.click()
            page.locator("img[alt=best]").first.wait_for()
        if tab == "Patch":
            page.get_by_text("Repeat this on your own machine").first.click()
        found = page.evaluate(f"axe.run({{runOnly: {rules}, rules: {{'heading-order': {{enabled: true}}}}}})")
        keep_picture(page, f"{tab.lower()}_{scheme}", full_page=True)
        problems += [
            (tab, each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found["violations"]
        ]
    page.close()
    assert problems == []


@pytest.mark.parametrize(("tab", "least"), [("Patch", 15), ("Tile", 10), ("Revisits", 10), ("Models", 8)])
def test_the_keyboard_reaches_every_control(viewer, tab, least):
    page = viewer
    open_tab(page, tab)
    page.locator(PLACES[tab]).wait_for()
    page.evaluate("document.querySelectorAll('[data-wanted]').forEach(element => delete element.dataset.wanted)")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, a[href], summary, [role=slider], canvas')]
            .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0)
            .filter(e => e.type != 'file')
            .map((e, i) => (e.dataset.wanted = i, e.outerHTML.slice(0, 120)))"""
    )
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(3 * len(wanted)):
        if len(reached) == len(wanted):
            break
        page.keyboard.press("Tab")
        index = page.evaluate("document.activeElement?.dataset.wanted")
        if index is not None:
            reached.add(int(index))
    assert [html for index, html in enumerate(wanted) if index not in reached] == []
    assert len(wanted) > least


def test_it_fits_a_phone(browser, server):
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(server.address)
    page.wait_for_selector(LIVE, timeout=SECONDS)
    assert page.locator(".sr-stage").bounding_box()["y"] < 844 / 2  # the result comes first
    for tab in TABS:
        open_tab(page, tab)
        page.locator(PLACES[tab]).wait_for()
        keep_picture(page, f"{tab.lower()}_phone", full_page=True)
        if tab == "Patch":
            page.get_by_text("Repeat this on your own machine").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = page.locator(".tabs").first.bounding_box()
        assert abs(390 - box["width"] - 2 * box["x"]) <= 2, "the margins differ"
    page.close()


def test_images_can_be_left_out_of_revisits(browser, server, write_tif):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(SECONDS)
    page.goto(server.address)
    open_tab(page, "Revisits")
    names = ["a.tif", f"{'long_' * 15}b.tif", "c.tif"]
    bands = ("B02", "B03", "B04", "B08")
    files = [write_tif(sample_dn(48)[:, i:, i:], name, bands=bands) for i, name in enumerate(names)]
    with page.expect_file_chooser() as chooser:
        page.locator("#views button").first.click()
    chooser.value.set_files(files)
    boxes = page.locator("#used").get_by_role("checkbox")
    boxes.nth(2).wait_for()
    assert all(box.is_checked() for box in boxes.all()) and page.locator("#used label").all_inner_texts() == names
    frame = page.locator("#used").bounding_box()
    for label in page.locator("#used label").all():  # names wrap
        shown = label.bounding_box()
        assert shown["x"] + shown["width"] <= frame["x"] + frame["width"]
    boxes.nth(0).uncheck()
    page.click("#start-revisits")
    wait_for_result(page, "#revisits-result", live=False)
    assert set(page.locator("#revisits-result figure strong").all_inner_texts()) == set(names[1:])
    assert "2 of 2 images used" in page.inner_text("#revisits-result .sr-title")
    for box in boxes.all():
        box.uncheck()
    page.click("#start-revisits")
    assert "No image is chosen" in refusal(page, "#revisits-result")
    page.close()


def test_revisits_are_shown_with_their_facts(browser, server):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(server.address)
    open_tab(page, "Revisits")
    page.click("#start-revisits")
    wait_for_result(page, "#revisits-result", live=False)
    figures = page.query_selector_all("#revisits-result figure")
    assert len(figures) == 4
    assert "reference" in figures[0].inner_text()
    assert all("shifted" in figure.inner_text() for figure in figures[1:])
    page.wait_for_function(
        "[...document.querySelectorAll('#revisits-result figure img')].every(image => image.naturalWidth > 0)"
    )
    assert page.evaluate("document.querySelector('#revisits-result').scrollWidth") <= 390
    page.get_by_role("group", name="The images and their weights").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#revisits-result .sr-views').scrollLeft > 0")
    page.goto(page.url)  # leads to the same tab and job
    wait_for_result(page, "#revisits-result", live=False)
    page.close()


def test_the_server_ends_while_a_page_is_open_and_removes_all_files(browser, tmp_path):
    server = Server(tmp_path, tmp_path)
    page = browser.new_page()
    page.goto(server.address)
    page.wait_for_selector("#patch-result sr-viewer", timeout=SECONDS)
    assert list(tmp_path.glob("rs_srgan_*"))
    server.close()
    assert not list(tmp_path.glob("rs_srgan_*"))
    page.close()


def test_without_webgl_the_line_moves(launch, server):
    plain = launch(["--disable-gpu", "--disable-3d-apis", "--disable-software-rasterizer"])
    page = plain.new_page()
    page.goto(server.address)
    page.wait_for_function("document.querySelector('.sr-poster-right img')?.naturalWidth > 0", timeout=SECONDS)
    assert "has no WebGL" in page.locator(".sr-plain").inner_text()
    page.locator(".sr-handle").focus()
    page.keyboard.press("End")
    clip = page.locator(".sr-poster-right").evaluate("element => element.style.clipPath")
    plain.close()
    assert clip == "inset(0px 0px 0px 100%)"
