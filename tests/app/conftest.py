"""Fixtures of the app: a queue, a server in its own process, a browser, and uploads."""

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from app.jobs.models import Models
from app.jobs.queue import Job, Jobs
from app.jobs.request import Request
from app.settings import Settings
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.app.geocoder import ERICE, Geocoder
from tests.rs_srgan.catalogues.products import CLOUD, add_item, box_of, land
from tests.rs_srgan.catalogues.server import StacLookalike
from tests.safe_builder import build_safe, zip_safe

REQUEST = Request(Path(), (DEFAULT_MODEL,))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 60_000  # milliseconds; longest time of anything that computes
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# The processor draws the maps, since there may be no graphics card.
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def sample_dn(side: int) -> np.ndarray:
    """Return DN of land, (4, side, side), uint16, B02 B03 B04 B08: the chip of spyndex, mirrored and repeated."""
    chip = np.array(json.loads((files("spyndex") / "data" / "S2_10m.json").read_text(encoding="utf-8")), np.uint16)
    both = np.concatenate([chip, chip[:, :, ::-1]], axis=2)
    whole = np.concatenate([both, both[:, ::-1]], axis=1)
    times = -(-side // whole.shape[1])
    return np.tile(whole, (1, times, times))[:, :side, :side]


def write_product(folder: Path, side: int, level: str = "L2A", **options) -> Path:
    """Write a product of `side` x `side` 10 m pixels with the bands for the 10 m models and the quicklook."""
    images = {(band, 10): dn + 1000 for band, dn in zip(("B02", "B03", "B04", "B08"), sample_dn(side), strict=True)}
    if level == "L2A":
        coarse = {(band, 60): dn for (band, _), dn in images.items() if band != "B08"}
        images |= {
            key: dn.reshape(side // 6, 6, side // 6, 6).mean((1, 3)).astype(np.uint16) for key, dn in coarse.items()
        }
    return build_safe(folder, images, level=level, block_px=256, **options)


@pytest.fixture(scope="session")
def settings(tmp_path_factory) -> Settings:
    return Settings(folder=tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="session")
def models() -> Models:
    return Models()


@pytest.fixture(scope="session")
def session_jobs(settings, models, tmp_path_factory):
    """One queue for all tests: its process takes seconds to start."""
    jobs = Jobs(dataclasses.replace(settings, data_root=tmp_path_factory.getbasetemp()), models)
    yield jobs
    jobs.close()


@pytest.fixture
def jobs(session_jobs):
    """The queue without jobs and products."""
    for clear in (session_jobs.clear, *session_jobs.also_clear):
        clear(0)
    return session_jobs


def end(jobs: Jobs, job: Job) -> None:
    """Stop a job whose result no test needs, and wait until the queue is free again."""
    jobs.stop(job)
    jobs.wait(job)


@pytest.fixture(scope="session")
def product_zip(tmp_path_factory) -> Path:
    """A zipped product of 10.8 x 10.8 km."""
    return zip_safe(write_product(tmp_path_factory.mktemp("product"), 1080))


class Server:
    """A server in its own process.

    Attributes:
        address: its address.
        folder: its folder for files of visitors.
        data_root: its folder of products to choose from.
        said: lines that it has printed.
    """

    def __init__(self, folder: Path, data_root: Path, *options: str, **environment: str) -> None:
        self.folder, self.data_root = folder, data_root
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "app", "--port", str(port), "--data-root", str(data_root), *options]
        own = {"PYTHONUNBUFFERED": "1", "TMPDIR": str(folder), "HF_HUB_OFFLINE": "1"}
        self._environment = os.environ | own | environment
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._environment
        )
        self.said: list[str] = []
        for line in self._process.stdout:  # ends when the server does
            self.said.append(line)
            if f"running on {self.address}" in line:
                return
        pytest.fail(f"the server ended before it listened: {''.join(self.said)}")

    def restart(self) -> None:
        """Kill the server, and start another one at its address."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._start()

    def close(self) -> None:
        self._process.terminate()
        try:
            self.said += self._process.communicate(timeout=SECONDS / 1000)[0].splitlines()
        except subprocess.TimeoutExpired:
            self._process.kill()
            pytest.fail("the server did not end")


@pytest.fixture(scope="session")
def stac(tmp_path_factory):
    """A STAC API on loopback with three dates of one place; clouds hide the second one."""
    server = StacLookalike(tmp_path_factory.mktemp("stac"))
    for number, day in enumerate(("2024-07-02", "2024-07-07", "2024-07-12")):
        pixels = land(400, 400, seed=number)
        if number == 1:
            pixels["SCL"][:] = CLOUD
        server.items.append(add_item(server.images, server.url, pixels, day=day, orbit=79 + number))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def area(stac) -> str:
    """West south east north of 400 x 400 m that all dates show."""
    return " ".join(f"{value:.5f}" for value in box_of(stac.items[0], 160, 160, 40, 40))


@pytest.fixture(scope="session")
def geocoder(area):
    """A geocoder on loopback that knows two places: Erice, and the middle of `area`."""
    west, south, east, north = map(float, area.split())
    lon, lat = (west + east) / 2, (south + north) / 2
    server = Geocoder([{"display_name": "Middle <b>of</b> the land", "lon": str(lon), "lat": str(lat)}, ERICE])
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def server(tmp_path_factory, product_zip, stac, geocoder):
    data_root = tmp_path_factory.mktemp("data")
    write_product(data_root, 120)
    asked = ("--catalogue", f"{stac.url}@sentinel-2-c1-l2a", "--geocoder", geocoder.url)
    server = Server(tmp_path_factory.mktemp("server"), data_root, *asked)
    yield server
    server.close()


# For the package: processes that tests of training fork would keep the pipes of the browser's driver open, which then
# waits for them forever when it ends.
@pytest.fixture(scope="package")
def launch():
    """A function that starts a browser with the given arguments."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        yield lambda arguments: driver.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *arguments])


@pytest.fixture(scope="package")
def browser(launch):
    browser = launch(SOFTWARE_GL)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def context(browser):
    """Pages of one context share its cache: each loads in half the time."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000}, accept_downloads=True)
    yield context
    context.close()


def open_sample(context, server: Server):
    """Open a page that shows the pixels of the sample."""
    page = context.new_page()
    page.goto(server.address)
    page.wait_for_selector("#patch-result sr-viewer", timeout=SECONDS)
    page.locator("#patch-result [data-plane=pixels]").click()  # the sample is shown on the map first
    return page


@pytest.fixture
def page(context, server):
    """The page of a new visitor, with the pixels of the sample on it."""
    page = open_sample(context, server)
    yield page
    page.close()
    context.clear_cookies()
    context.clear_permissions()


@pytest.fixture(scope="module")
def shared_page(context, server):
    """One page for several tests of a file, since a page takes seconds to load."""
    page = open_sample(context, server)
    yield page
    page.close()


def keep_picture(page, name: str, **options) -> None:
    """Save a screenshot if RS_SRGAN_SCREENSHOTS names a folder."""
    if folder := os.environ.get("RS_SRGAN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", **options)
