"""Speed of the app's viewer with a whole tile: python -m benchmarks.viewer [--cache FOLDER] [--picture FILE].

Needs RS_SRGAN_DATA, Chromium and 30 GB of disk. Writes a table in docs/app.md. Nothing else should run meanwhile.
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
MINUTES = 40  # limit for the job
MOVES = 12  # moves at every zoom
# SR pixels to a pixel of the screen.
ZOOMS = (32, 8, 2, 1)
# Time, milliseconds, from a jump of both maps until all of their tiles are on the screen.
JUMP = f"""async ([x, y, zoom]) => {{
  const stage = {STAGE}, start = performance.now(), drawn = stage.whenDrawn();
  stage.maps[0].jumpTo({{center: stage.maps[0].unproject([x, y]), zoom}});
  stage.maps.forEach(map => map.triggerRepaint());
  await drawn;
  return performance.now() - start;
}}"""


def super_resolve(page: Page) -> float:
    """Super-resolve the whole of the server's product as a visitor does.

    Args:
        page: the app's page.

    Returns:
        minutes until the result is on the screen.
    """
    page.get_by_role("tab", name="Tile").click()
    page.locator("#offered input").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#estimate").get_by_text("about").wait_for(timeout=120_000)
    page.locator("#area textarea, #area input").fill("")  # the default is a small area in the middle
    page.locator("#estimate").get_by_text(f"{SIDE_PX} x {SIDE_PX} px").wait_for(timeout=60_000)
    page.locator("label:visible", has_text="Add an uncertainty map").locator("input").uncheck()
    started = time.monotonic()
    page.get_by_role("button", name="Super-resolve this area").click()
    page.wait_for_selector(f"{VIEWER}.sr-live", timeout=MINUTES * 60_000)
    page.wait_for_function(f"{STAGE}.maps.every(map => map.areTilesLoaded())", timeout=120_000)
    return (time.monotonic() - started) / 60


def move(page: Page, factor: int) -> tuple[list[float], list[float]]:
    """Move the maps to random places up to half a screen away.

    Args:
        page: the app's page with the result.
        factor: SR pixels to a pixel of the screen.

    Returns:
        seconds of each move, and seconds of each tile that was requested.
    """
    page.evaluate(f"{STAGE}.fit()")
    box: Any = page.locator(f"{VIEWER} .sr-stage").bounding_box()
    width, height = box["width"], box["height"]
    zoom = page.evaluate(f"{STAGE}.wholeZoom()") - np.log2(factor)
    page.evaluate(JUMP, [width / 2, height / 2, zoom])
    tiles: list[float] = []

    def note(request: Request) -> None:
        if "/tiles/" in request.url and request.timing["responseEnd"] > 0:  # not from the cache
            tiles.append((request.timing["responseEnd"] - request.timing["requestStart"]) / 1000)

    page.on("requestfinished", note)
    jumps = []
    for row, col in np.random.default_rng(factor).uniform(0, 1, (MOVES, 2)):
        jumps.append(page.evaluate(JUMP, [col * width, row * height, zoom]) / 1000)
        page.evaluate(JUMP, [(1 - col) * width, (1 - row) * height, zoom])  # back; the tiles come from the cache
    page.remove_listener("requestfinished", note)
    return jumps, tiles


def main() -> None:
    """Measure the moves at every zoom, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewer")
    parser.add_argument("--cache", type=Path, default=cached_assets_path("rs_srgan", namespace="benchmarks"))
    parser.add_argument("--picture", type=Path, help="PNG file for a picture of the whole tile on the map")
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
