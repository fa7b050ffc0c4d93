"""`python -m benchmarks.place`: time, processor time, requests and bytes of a place in a catalogue.

A STAC API on loopback answers each request 20 ms late. The place has 2 x 2 km; the tiles are made up, 10 x 10 km, in
blocks of 512 pixels. The command runs in a process of its own, imports included, with an empty cache. On a machine that
does other things, the processor time tells more than the time. Then the running app does the same for a program, and,
if there is a Chromium, for a visitor.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import rasterio
from gradio_client import Client

from tests.app.conftest import CHROMIUM, QUIET
from tests.app.end_to_end.test_browser import LIVE
from tests.rs_srgan.catalogues.products import EARTH_SEARCH_NAMES, RGBN, add_item, box_of, land
from tests.rs_srgan.catalogues.server import StacLookalike

_DELAY_S = 0.02
# Port of the app, and the longest time that it may take to start, seconds.
_PORT, _START_S = 7899, 120
_ADDRESS = f"http://127.0.0.1:{_PORT}"
_TILE_PX, _BLOCK_PX = 1024, 512
_DAYS = tuple(f"2024-07-{day:02d}" for day in (2, 5, 8, 11, 14, 17, 20, 23))
_ROW, _SIDE = 400, 200
_ASSETS = ",".join(f"{band}={EARTH_SEARCH_NAMES[band]}" for band in (*RGBN, "SCL"))


def main() -> None:
    """Print a table: one date, and eight revisits."""
    print("| | seconds | processor seconds | requests | MB | times the blocks that the area needs |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        stac = StacLookalike(Path(folder) / "images", delay_s=_DELAY_S)
        for number, day in enumerate(_DAYS):
            pixels = land(_TILE_PX, _TILE_PX, seed=number)
            stac.items.append(add_item(stac.images, stac.url, pixels, day=day, block=_BLOCK_PX))
        for title, views in (("one date", []), ("eight revisits", ["--views", "8"])):
            seconds, processor = _run(stac, Path(folder) / title.replace(" ", "_"), views)
            sent, times = sum(stac.sent.values()) / 1e6, sum(stac.sent.values()) / _needed(stac)
            print(f"| {title} | {seconds:.1f} | {processor:.1f} | {stac.requests.total()} | {sent:.1f} | {times:.2f} |")
        area = " ".join(map(str, box_of(stac.items[0], _ROW, _ROW, _SIDE, _SIDE)))
        with _app(stac, Path(folder) / "app") as client:
            began = time.perf_counter()
            client.predict(area=area, dates="2024-07/2024-07", api_name="/super_resolve_place")
            print(f"\nThe app answered a program after {time.perf_counter() - began:.1f} s, for one date.")
        if CHROMIUM is not None:
            with _app(stac, Path(folder) / "browser"):
                whole, last = _in_the_browser(area)
            print(
                f"In Chromium the picture stood {whole:.1f} s after the click on Place, search and choice of the date "
                f"included, and {last:.1f} s after the click on Super-resolve."
            )
        stac.stop()


@contextmanager
def _app(stac: StacLookalike, folder: Path) -> Iterator[Client]:
    """Run the app with an empty cache; give a client of it."""
    asked = [sys.executable, "-m", "app", "--port", str(_PORT), "--catalogue", f"{stac.url}@sentinel-2-c1-l2a"]
    environment = os.environ | {"RS_SRGAN_CACHE": str(folder)}
    app = subprocess.Popen(asked, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _client(time.monotonic() + _START_S)
    finally:
        app.terminate()
        app.wait()


def _in_the_browser(area: str) -> tuple[float, float]:
    """Return the seconds from the clicks on Place and on Super-resolve until the picture stands on the page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        page = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET)).new_page()
        page.goto(_ADDRESS)
        page.wait_for_selector(f"#patch-result {LIVE}")
        began = time.perf_counter()
        page.get_by_role("tab", name="Place").click()
        page.locator("#place-area").get_by_role("textbox").fill(area)
        for label in ("From", "To"):
            page.get_by_label(label, exact=True).fill("July 2024")
            page.get_by_role("option", name="July 2024").last.click()
        page.click("#find-dates")
        page.locator("sr-dates button").first.wait_for()
        clicked = time.perf_counter()
        page.click("#start-place")
        page.wait_for_selector(f"#place-result {LIVE}")
        return time.perf_counter() - began, time.perf_counter() - clicked


def _client(until: float) -> Client:
    """Return a client of the app once it listens."""
    while True:
        try:
            return Client(_ADDRESS, verbose=False)
        except (httpx.ConnectError, ValueError):
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def _run(stac: StacLookalike, folder: Path, views: list[str]) -> tuple[float, float]:
    """Return seconds and processor seconds of `rs-srgan predict`."""
    stac.requests.clear()
    stac.sent.clear()
    box = map(str, box_of(stac.items[0], _ROW, _ROW, _SIDE, _SIDE))
    command = [sys.executable, "-m", "rs_srgan", "predict", f"stac:{stac.url}", "--collection", "sentinel-2-c1-l2a"]
    command += ["--assets", _ASSETS, "--dates", "2024-07", "--bbox", *box, "-o", f"{folder}.tif", *views]
    environment = os.environ | {"RS_SRGAN_CACHE": str(folder)}
    began, used = time.perf_counter(), _processor_seconds()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began, _processor_seconds() - used


def _needed(stac: StacLookalike) -> int:
    """Return the compressed bytes of the blocks in which the area lies, in all images that were asked for."""
    total = 0
    for name in stac.sent:
        with rasterio.open(stac.images / name.removeprefix("/images/")) as image:
            coarser = 20 if name.endswith("/scl.tif") else 10
            first, last = (edge * 10 // coarser // _BLOCK_PX for edge in (_ROW, _ROW + _SIDE - 1))
            for row in range(first, last + 1):
                for col in range(first, last + 1):
                    total += int(image.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=1))
    return total


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
