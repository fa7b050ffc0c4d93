"""`python -m benchmarks.place`: time, processor time, requests and bytes of a place in a catalogue.

A STAC API on loopback answers each request 20 ms late. The place has 2 x 2 km; the tiles are made up, 10 x 10 km, in
blocks of 512 pixels. The command runs in a process of its own, imports included, with an empty cache. On a machine that
does other things, the processor time tells more than the time.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import rasterio
from gradio_client import Client

from tests.rs_srgan.catalogues.products import EARTH_SEARCH_NAMES, RGBN, add_item, box_of, land
from tests.rs_srgan.catalogues.server import StacLookalike

_DELAY_S = 0.02
# Port of the app, and the longest time that it may take to start, seconds.
_PORT, _START_S = 7899, 120
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
        stac.requests.clear()
        print(f"\nThe app answered a program after {_in_the_app(stac, Path(folder) / 'app'):.1f} s, for one date.")
        stac.stop()


def _in_the_app(stac: StacLookalike, folder: Path) -> float:
    """Return the seconds from the request of a program to the app until it has the files of the same area."""
    asked = [sys.executable, "-m", "app", "--port", str(_PORT), "--catalogue", f"{stac.url}@sentinel-2-c1-l2a"]
    environment = os.environ | {"RS_SRGAN_CACHE": str(folder)}
    app = subprocess.Popen(asked, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = _client(time.monotonic() + _START_S)
        area = " ".join(map(str, box_of(stac.items[0], _ROW, _ROW, _SIDE, _SIDE)))
        began = time.perf_counter()
        client.predict(area=area, dates="2024-07/2024-07", api_name="/super_resolve_place")
        return time.perf_counter() - began
    finally:
        app.terminate()
        app.wait()


def _client(until: float) -> Client:
    """Return a client of the app once it listens."""
    while True:
        try:
            return Client(f"http://127.0.0.1:{_PORT}", verbose=False)
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
