"""The page as a visitor meets it, in a real browser. RS_SRGAN_SCREENSHOTS names a folder to keep pictures in."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.conftest import scene_dn

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt install chromium)")

SECONDS = 60_000  # in milliseconds, for anything that computes


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory):
    """Where the server keeps what visitors send and get."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def address(server_folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "TMPDIR": str(server_folder)},
    )
    try:
        for line in server.stdout:  # ends when the server does
            if f"http://127.0.0.1:{port}" in line:
                break
        else:
            pytest.fail("the server ended before it listened")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*quiet, "--disable-sync", "--no-first-run"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    page = browser.new_page(viewport={"width": 1300, "height": 1240}, accept_downloads=True)
    page.goto(address)
    page.wait_for_selector("#sample")
    yield page
    page.close()


def pictures(page) -> list[str]:
    """Addresses of the slider's two sides, once they are there."""
    page.wait_for_function("document.querySelectorAll('#slider img').length == 2", timeout=SECONDS)
    return [image.get_attribute("src") for image in page.query_selector_all("#slider img")]


def upload(page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.click("#file button")
    chooser.value.set_files(path)
    page.get_by_text(re.compile(r"\d B|\d KB|\d MB")).first.wait_for(timeout=SECONDS)


def message(page) -> str:
    """The text of the error box."""
    box = page.get_by_test_id("toast-body").first
    box.wait_for(timeout=SECONDS)
    return box.inner_text()


def test_one_click_shows_the_sample_and_the_slider_moves(page):
    outside = []
    page.on("request", lambda request: outside.append(request.url) if request.url.startswith("http") else None)
    page.click("#sample")
    left, right = pictures(page)
    assert left != right
    page.wait_for_function("[...document.querySelectorAll('#slider img')].every(i => i.naturalWidth == 1200)")
    assert "300 x 300 px became 1200 x 1200 px" in page.inner_text("#report")
    if folder := os.environ.get("RS_SRGAN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "app.png", full_page=True)

    clip = "document.querySelectorAll('#slider img')[1].style.clipPath"
    before = page.evaluate(clip)
    box = page.query_selector("#slider [data-testid=slider] .icon-wrap").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 200, y, steps=5)
    page.mouse.up()
    assert page.evaluate(clip) != before
    assert not [url for url in outside if "127.0.0.1" not in url]


def test_other_bands_and_bicubic_change_what_is_shown(page):
    page.click("#sample")
    first = pictures(page)
    page.get_by_label("False colour").check()
    page.wait_for_function("old => document.querySelectorAll('#slider img')[1]?.src != old", arg=first[1])
    second = pictures(page)
    assert set(first).isdisjoint(second)
    page.get_by_label("Bicubic").check()
    page.wait_for_function("old => document.querySelectorAll('#slider img')[0]?.src != old", arg=second[0])
    assert pictures(page)[1] == second[1]  # the right side is the same SR


def test_an_upload_comes_back_as_a_georeferenced_geotiff(page, write_tif, tmp_path):
    source = write_tif(scene_dn(60, 80), "field.tif", nodata=0)
    upload(page, source)
    page.click("#start")
    pictures(page)
    assert "10 m became 2.5 m" in page.inner_text("#report")
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "field_x4.tif"
    download.value.save_as(tmp_path / "back.tif")
    with rasterio.open(source) as before, rasterio.open(tmp_path / "back.tif") as after:
        assert after.shape == (240, 320)
        assert after.bounds == before.bounds
        assert after.crs == before.crs
        assert after.tags()["SR_MODEL"] == "sisr-x4-rgbn"


def test_an_array_and_a_jp2_are_taken_as_well(page, write_tif, tmp_path):
    dn = scene_dn(40, 40)
    np.save(tmp_path / "a.npy", dn)
    upload(page, tmp_path / "a.npy")
    page.click("#start")
    first = pictures(page)
    page.get_by_label("Clear").first.click()
    upload(page, write_tif(dn, "a.jp2", driver="JP2OpenJPEG", quality=100, reversible=True))
    page.click("#start")
    page.get_by_text("10 m became 2.5 m").wait_for(timeout=SECONDS)  # an array lies nowhere
    assert pictures(page) == first  # the same pixels make the same pictures


def test_the_transparency_of_a_png_is_not_near_infrared(page, write_tif):
    upload(page, write_tif(scene_dn(40, 40), "a.png", driver="PNG", bands=None, crs=None))
    page.click("#start")
    assert "alpha channel, which is not a band" in message(page)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.tif", b"no image", "text.tif is no GeoTIFF, JP2, PNG or NPY file"),
        ("cut.tif", b"II*\0garbage", "cut.tif is truncated or corrupt"),
        ("<img src=x onerror=alert(1)>.tif", b"II*\0garbage", "truncated or corrupt"),
    ],
)
def test_a_wrong_file_is_one_clear_line(page, tmp_path, name, content, words):
    alerts = []
    page.on("dialog", lambda dialog: (alerts.append(dialog), dialog.dismiss()))
    (tmp_path / name).write_bytes(content)
    upload(page, tmp_path / name)
    page.click("#start")
    text = message(page)
    assert words in text
    assert "Traceback" not in text
    assert "/tmp" not in text
    assert not alerts
    assert words in page.inner_text("#report")  # which stays when the box has gone


def test_a_failure_takes_the_earlier_result_away(page, tmp_path):
    page.click("#sample")
    pictures(page)
    (tmp_path / "cut.tif").write_bytes(b"II*\0garbage")
    upload(page, tmp_path / "cut.tif")
    page.click("#start")
    message(page)
    assert not page.query_selector_all("#slider img")
    assert page.get_by_text("Download GeoTIFF").is_disabled()
    page.get_by_label("False colour").check()
    page.wait_for_timeout(1000)
    assert not page.query_selector_all("#slider img")


def test_three_bands_are_refused_with_the_missing_one_named(page, write_tif):
    upload(page, write_tif(scene_dn(20, 20, bands=3), "rgb.tif", bands=("B04", "B03", "B02")))
    page.click("#start")
    assert "B08 missing" in message(page)


def test_without_an_image_the_page_says_what_to_do(page):
    page.click("#start")
    assert "upload one, or press the sample button" in message(page)


def test_stop_stops_leaves_nothing_and_frees_the_worker(page, browser, address, server_folder, write_tif):
    def partial():
        return list(server_folder.glob("rs_srgan_*/*.partial"))

    upload(page, write_tif(scene_dn(1000, 1000), "large.tif"))
    page.click("#start")
    page.get_by_text(re.compile("s left")).first.wait_for(timeout=SECONDS)
    assert len(partial()) == 1
    page.click("#stop")
    page.get_by_text("Stopped.").wait_for()
    other = browser.new_page()
    other.goto(address)
    upload(other, write_tif(scene_dn(20, 20), "small.tif"))
    other.click("#start")
    pictures(other)
    other.close()
    for _ in range(300):  # the tile in hand is finished first
        if not partial():
            break
        page.wait_for_timeout(100)
    assert not partial()  # the one worker left the large image unfinished and cleared it away
    assert not page.query_selector_all("#slider img")
