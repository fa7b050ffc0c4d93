"""A whole tile's result in the app's viewer: python -m benchmarks.viewer [--cache FOLDER] [--picture FILE].

Needs RS_SRGAN_DATA, Chromium, 30 GB of disk, and nothing else running. Writes docs/app.md.
"""

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import cached_assets_path
from playwright.sync_api import Page, Request, sync_playwright

from benchmarks.mosaic import SIDE_PX, product
from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from tests.app.conftest import CHROMIUM, QUIET, SOFTWARE_GL, Server

VIEWER = "#tile-result sr-viewer"
STAGE = f"document.querySelector('{VIEWER}').stage"
MINUTES = 40  # that the job may take
MOVES = 12  # at every zoom
# SR pixels to a pixel of the screen.
ZOOMS = (32, 8, 2, 1)
# From a jump of both sides to all of their tiles on the screen, milliseconds.
JUMP = f"""async ([x, y, zoom]) => {{
  const stage = {STAGE}, start = performance.now(), drawn = stage.whenDrawn();
  stage.maps[0].jumpTo({{center: stage.maps[0].unproject([x, y]), zoom}});
  stage.maps.forEach(map => map.triggerRepaint());
  await drawn;
  return performance.now() - start;
}}"""


def super_resolve(page: Page) -> float:
    """The product that the server has, all of it, as a visitor would; minutes until it can be seen."""
    page.get_by_role("tab", name="Tile").click()
    page.locator("#offered input").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#estimate").get_by_text("about").wait_for(timeout=120_000)
    page.locator("#area textarea, #area input").fill("")  # it was a small one in the middle
    page.locator("#estimate").get_by_text(f"{SIDE_PX} x {SIDE_PX} px").wait_for(timeout=60_000)
    page.locator("label:visible", has_text="Add an uncertainty map").locator("input").uncheck()
    started = time.monotonic()
    page.get_by_role("button", name="Super-resolve this area").click()
    page.wait_for_selector(f"{VIEWER}.sr-live", timeout=MINUTES * 60_000)
    page.wait_for_function(f"{STAGE}.maps.every(map => map.areTilesLoaded())", timeout=120_000)
    return (time.monotonic() - started) / 60


def move(page: Page, factor: int) -> tuple[list[float], list[float]]:
    """Jumps from one place to others up to half a screen away: seconds of each, and of each tile that was asked for."""
    page.evaluate(f"{STAGE}.fit()")
    box: Any = page.locator(f"{VIEWER} .sr-stage").bounding_box()
    width, height = box["width"], box["height"]
    zoom = page.evaluate(f"{STAGE}.wholeZoom()") - np.log2(factor)
    page.evaluate(JUMP, [width / 2, height / 2, zoom])
    tiles: list[float] = []

    def note(request: Request) -> None:
        if "/tiles/" in request.url and request.timing["responseEnd"] > 0:  # not from memory
            tiles.append((request.timing["responseEnd"] - request.timing["requestStart"]) / 1000)

    page.on("requestfinished", note)
    jumps = []
    for row, col in np.random.default_rng(factor).uniform(0, 1, (MOVES, 2)):
        jumps.append(page.evaluate(JUMP, [col * width, row * height, zoom]) / 1000)
        page.evaluate(JUMP, [(1 - col) * width, (1 - row) * height, zoom])  # back, from memory
    page.remove_listener("requestfinished", note)
    return jumps, tiles


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewer")
    parser.add_argument("--cache", type=Path, default=cached_assets_path("rs_srgan", namespace="benchmarks"))
    parser.add_argument("--picture", type=Path, help="of the whole tile on the map, PNG")
    options = parser.parse_args()
    root = product(options.cache, SIDE_PX).parent
    rows = []
    with (
        tempfile.TemporaryDirectory(dir=options.cache) as folder,
        sync_playwright() as driver,
        closing(Server(Path(folder), root, "--keep", "120")) as server,
        closing(driver.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *SOFTWARE_GL])) as browser,
    ):
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.goto(server.address)
        page.wait_for_selector("#patch-result sr-viewer", timeout=60_000)
        minutes = super_resolve(page)
        print(f"{minutes:.1f} minutes", flush=True)
        if options.picture:
            page.screenshot(path=options.picture, full_page=True)
        page.locator(VIEWER).get_by_role("button", name="Pixels").click()
        page.wait_for_function(f"{STAGE}.plane == 'pixels'")
        for factor in ZOOMS:
            jumps, tiles = move(page, factor)
            rows.append(
                [
                    f"1 : {factor}",
                    f"{np.median(jumps):.2f} s",
                    f"{max(jumps):.2f} s",
                    f"{len(tiles)}",
                    f"{1000 * np.median(tiles):.0f} ms",
                    f"{1000 * np.quantile(tiles, 0.95):.0f} ms",
                ]
            )
            print(rows[-1], flush=True)
    head = ["zoom", "move to drawn, median", "longest", "tiles", "of a tile, median", "95 %"]
    text = table(head, rows)
    text += (
        f"\n\n{SIDE_PX} x {SIDE_PX} px became {4 * SIDE_PX} x {4 * SIDE_PX} px in {minutes:.1f} minutes, "
        f"from the click to the picture, without uncertainty. {MOVES} moves by up to half the stage at each zoom, "
        "input and result side by side, on two cores that also run the browser, which draws without a graphics card."
    )
    write_block(ROOT / "docs" / "app.md", "viewer", text)


if __name__ == "__main__":
    main()
