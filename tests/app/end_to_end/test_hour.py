"""An hour of visitors: scripts that do what people do, in an order that nobody planned, and look for dead ends."""

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.app.conftest import SECONDS, Server, sample_dn
from tests.app.end_to_end.test_browser import open_tab

MINUTES = float(os.environ.get("RS_SRGAN_MINUTES", "60"))
PAUSE = float(os.environ.get("RS_SRGAN_PAUSE", "3"))  # seconds for which a visitor looks at what a step has shown
SEED = int(os.environ.get("RS_SRGAN_SEED", "0"))
STEPS = 9  # of one visitor
PATIENCE = 3 * SECONDS  # of a visitor with one step, milliseconds
STARTS = {"Patch": "#start", "Tile": "#start-tile", "Revisits": "#start-revisits", "Place": "#start-place"}
RESULTS = {"Patch": "#patch-result", "Tile": "#tile-result", "Revisits": "#revisits-result", "Place": "#place-result"}
# What a browser, or Gradio, says about requests that fail, which happens offline and after refusals.
OF_REQUESTS = ("Failed to load resource", "net::ERR_", "WebGL", "GPU stall", "Response")
# Time after which an answer in the same words counts as a new one: Gradio does not replace equal answers.
SAME_WORDS_MS = 5000
# What the place of a result shows: the id of its job, and an answer in words outside of jobs. Gradio makes the place
# when its tab is opened; null before.
SHOWN = """place => {
    const box = document.querySelector(place);
    if (!box) return null;
    const words = [...box.querySelectorAll('.sr-error, [role=status] h2')].filter(each => !each.closest('sr-job'));
    return {job: box.querySelector('sr-job')?.dataset.id, words: words.map(each => each.textContent).join(' ')};
}"""
# Another job than before has ended, or an answer in words is there.
SETTLED = """({place, before, until}) => {
    const box = document.querySelector(place), job = box?.querySelector('sr-job');
    if (!box) return false;
    const alert = job?.querySelector(':scope > .sr-error');
    if (job && job.dataset.id !== before?.job) {
        return !!alert || ['done', 'failed', 'stopped'].includes(job.dataset.state) && !!job.firstChild;
    }
    const {words} = (SHOWN)(place);
    return !!words && (words !== before?.words || performance.now() > until);
}""".replace("SHOWN", SHOWN)

# The tab that is open, by the button that it shows.
OPEN = "starts => Object.keys(starts).find(tab => document.querySelector(starts[tab])?.checkVisibility())"


class Visitor:
    """A visitor with a screen, a taste and a will of its own.

    Attributes:
        trail: what the visitor did.
        steps: number of things that it did.
        complaints: where it was stuck.
    """

    def __init__(self, browser, server: Server, area: str, files: dict[str, Path], seed: int) -> None:
        self.random = random.Random(seed)
        self.seed, self.server, self.area, self.files = seed, server, area, files
        self.phone = self.random.random() < 0.35
        size = (
            {"width": 390, "height": 844} if self.phone else {"width": self.random.choice((768, 1300)), "height": 900}
        )
        scheme = self.random.choice(("light", "dark"))
        self.context = browser.new_context(viewport=size, color_scheme=scheme, accept_downloads=True, locale="en-GB")
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self._page = self.context.new_page()
        self.trail: list[str] = []
        self.steps = 0
        self.complaints: list[str] = []
        self.tab = "Patch"
        self.leaving = False
        self._page.on("pageerror", lambda error: self.complain(f"a script failed: {error.stack or error}"))
        self._page.on("console", self.hear)
        self._page.on("framenavigated", self.arrive)

    @property
    def page(self):
        """The page, whose waits end when the patience with this step does."""
        self._page.set_default_timeout(max(1, 1000 * (self.until - time.monotonic())))
        return self._page

    def hear(self, message) -> None:
        if message.type != "error" or any(words in message.text for words in OF_REQUESTS):
            return
        if not self.leaving:  # Gradio complains of its own requests that the end of a page breaks off
            self.complain(f"the console says: {message.text[:200]}")

    def arrive(self, frame) -> None:
        self.leaving = False

    def open(self, address: str) -> None:
        """Leave the page for another one, or for itself."""
        self.leaving = True
        self.page.goto(address)

    def complain(self, what: str) -> None:
        self.complaints.append(f"visitor {self.seed}, after {' > '.join(self.trail)}: {what}")
        print(f"    {what}", flush=True)

    def go(self, tab: str) -> None:
        open_tab(self.page, tab)
        self.tab = tab

    def do(self, name: str, action: Callable[[], None]) -> bool:
        """Do something; return whether it came to its end. If not, it is a dead end."""
        self.trail.append(name)
        self.steps += 1
        self.until = time.monotonic() + PATIENCE / 1000
        print(f"{time.strftime('%X')} visitor {self.seed}: {name}", flush=True)
        try:
            action()
            self.look()
            self._page.wait_for_timeout(1000 * PAUSE)
        except Exception as error:  # Playwright raises several classes
            self.complain(f"{type(error).__name__}: {str(error)[:300]} The tab {self.tab} shows: {self.see()}")
            return False
        return True

    def see(self) -> str:
        """Return the words in the place of the result of the open tab."""
        self.until = time.monotonic() + 5
        with suppress(Exception):  # the page may be stuck; Playwright raises several classes
            return self.page.locator(RESULTS[self.tab]).inner_text()[:200]
        return "nothing that can be read"

    def ask(self, script: str, value: object = None):
        """Return what a function in the page returns, once it is not null. `evaluate` would wait for ever."""
        return self.page.wait_for_function(script, arg=value).json_value()

    def look(self) -> None:
        """Check what must hold at any time."""
        wide = self.ask("({wide: document.documentElement.scrollWidth - innerWidth})")["wide"]
        if wide > 0:
            self.complain(f"the page is {wide} px too wide")
        if self.tab in STARTS and not self.page.locator(STARTS[self.tab]).is_visible():
            self.complain("there is no button to start")
        for alert in self.page.locator(".sr-error:visible").all_inner_texts():
            if "Traceback" in alert or "/tmp" in alert or "internal error" in alert.lower():
                self.complain(f"an answer that helps nobody: {alert[:200]}")
        if httpx.get(f"{self.server.address}/health", timeout=SECONDS / 1000).status_code != 200:
            self.complain("the server is ill")

    def settle(self, tab: str, before: dict[str, str] | None = None) -> None:
        """Wait for a result, or for another one than `before`."""
        until = self.ask(f"performance.now() + {SAME_WORDS_MS}")
        self.page.wait_for_function(SETTLED, arg={"place": RESULTS[tab], "before": before, "until": until})

    def shown(self, tab: str) -> dict[str, str]:
        return self.ask(SHOWN, RESULTS[tab])

    def start(self, tab: str, impatient: bool = False) -> None:
        before = self.shown(tab)
        self.page.dblclick(STARTS[tab]) if impatient else self.page.click(STARTS[tab])
        self.settle(tab, before)

    # What people do

    def come(self) -> None:
        self.tab = "Patch"
        self.open(self.server.address)
        self.page.wait_for_selector("#patch-result sr-viewer")

    def run_sample(self) -> None:
        self.go("Patch")
        box = self.page.locator("#sample-image input")
        box.check()
        self.start("Patch", impatient=self.random.random() < 0.3)

    def run_upload(self) -> None:
        self.go("Patch")
        name = self.random.choice(list(self.files))
        self.trail.append(name)
        print(f"    {name}", flush=True)
        self.upload(name)
        self.start("Patch")

    def upload(self, name: str, field: str = "#file") -> None:
        for label in ("Remove this file", "Clear"):
            if self.page.locator(field).get_by_label(label).count():
                self.page.locator(field).get_by_label(label).first.click()
        self.page.locator(f"{field} input[type=file]").set_input_files(self.files[name])
        self.page.locator(field).get_by_test_id("download-link").wait_for()

    def run_tile(self) -> None:
        self.go("Tile")
        if self.random.random() < 0.5:
            self.page.click("#sample-product")
        else:
            self.upload("product.zip", "#product")
        self.page.wait_for_function("document.querySelector('sr-quicklook img')?.naturalWidth > 0")
        if self.random.random() < 0.6:
            box = self.page.locator("sr-quicklook img").bounding_box()
            x, y = (box[key] + box[side] * 0.3 for key, side in (("x", "width"), ("y", "height")))
            self.page.mouse.move(x, y)
            self.page.mouse.down()
            self.page.mouse.move(x + box["width"] * self.random.uniform(0.02, 0.3), y + 60, steps=3)
            self.page.mouse.up()
        else:
            words = self.random.choice(("here", "1 2 3", "10 50 11 51", '{"type": "Point"}'))
            self.page.locator("#area textarea, #area input").first.fill(words)
        self.start("Tile")

    def run_revisits(self) -> None:
        self.go("Revisits")
        self.start("Revisits")

    def run_place(self) -> None:
        self.go("Place")
        field = self.page.locator("#place-area").get_by_role("textbox")
        field.fill(self.random.choice((self.area, self.area, "nowhere", "1 2 3 4")))
        if self.random.random() < 0.5:
            self.page.click("#find-dates")
            self.page.wait_for_function("document.querySelector('#dates').textContent.trim().length > 0")
        self.start("Place")

    def stop_a_job(self) -> None:
        self.go("Patch")
        self.upload("large.tif")
        before = self.shown("Patch")
        self.page.click(STARTS["Patch"])
        stop = self.page.locator("#patch-result .sr-stop")
        stop.wait_for()
        stop.click()
        self.settle("Patch", before)

    def use_the_viewer(self) -> None:
        place = RESULTS.get(self.tab, "#patch-result")
        viewer = self.page.locator(f"{place} sr-viewer")
        if not viewer.count() or not viewer.is_visible():
            return
        self.page.wait_for_selector(f"{place} sr-viewer.sr-live")
        for name in ("composite", "left", "right"):
            choices = viewer.locator(f"[name={name}] option").all()
            viewer.locator(f"[name={name}]").select_option(self.random.choice(choices).get_attribute("value"))
        for button in ("Fit", "1:1"):
            viewer.get_by_role("button", name=button, exact=True).click()
        stage = viewer.locator(".sr-stage")
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        viewer.locator(".sr-handle").press("Home")  # out of the middle, where also the smallest image is
        self.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
        viewer.locator(".sr-pick h3").wait_for()
        with self.page.expect_download():
            viewer.locator(".sr-files a").first.click()
        with self.page.expect_download():
            viewer.locator("[data-figure=png]").click()

    def reload(self) -> None:
        named = "job=" in self.page.url
        self.leaving = True
        self.page.reload()
        self.return_to(named)

    def return_to(self, named: bool) -> None:
        """Wait for the page after a reload; its address may name a job."""
        self.page.wait_for_selector("#patch-result sr-job", state="attached")  # the job may be in another tab
        if named:
            # the sample, which every page shows, is not the job that the address names
            sample = "{job: document.querySelector('sr-job:not([data-remember])')?.dataset.id}"
            settled = f"place => ({SETTLED})({{place, before: {sample}}})"
            self.page.wait_for_function(f"{list(RESULTS.values())}.some({settled})")
        elif "product=" in self.page.url:
            self.page.locator(STARTS["Tile"]).wait_for()
        self.tab = self.ask(OPEN, STARTS)

    def lose_the_network(self) -> None:
        self.go("Revisits")
        before = self.shown("Revisits")
        self.page.click(STARTS["Revisits"])
        self.page.wait_for_timeout(400)
        self.context.set_offline(True)
        self.page.wait_for_timeout(self.random.choice((500, 4000, 11_000)))
        self.context.set_offline(False)
        self.page.wait_for_timeout(300)
        if self.shown("Revisits") != before:
            self.settle("Revisits", before)
        else:  # the click itself was lost: another one must work
            self.start("Revisits")

    def open_a_job_that_is_gone(self) -> None:
        self.open(f"{self.server.address}/?job=gone")
        self.page.locator("#patch-result .sr-error").get_by_text("does not have this job").wait_for()
        self.come()

    def look_around(self) -> None:
        for tab in ("Models", "About", "Patch"):
            self.go(tab)
        self.page.click("#sr-light")

    def change_the_language(self) -> None:
        for code in (self.random.choice(("de", "fr", "es", "zh-CN")), "en"):
            named = "job=" in self.page.url
            self.leaving = True
            self.page.locator("#sr-language").select_option(code)
            self.page.wait_for_function("code => document.documentElement.lang == code", arg=code)
            self.return_to(named)

    def walk(self) -> list[str]:
        """Do some things until one is a dead end; return the complaints."""
        actions = (
            self.run_sample,
            self.run_upload,
            self.run_upload,
            self.run_tile,
            self.run_revisits,
            self.run_place,
            self.stop_a_job,
            self.use_the_viewer,
            self.use_the_viewer,
            self.reload,
            self.lose_the_network,
            self.open_a_job_that_is_gone,
            self.look_around,
            self.change_the_language,
        )
        for action in (self.come, *self.random.choices(actions, k=STEPS)):
            if not self.do(action.__name__, action):
                break
        self.context.close()
        return self.complaints


@pytest.fixture
def files(tmp_path, write_tif, product_zip) -> dict[str, Path]:
    """Uploads of visitors: good ones, and such as people have."""
    bands = ("B02", "B03", "B04", "B08")
    photo = (sample_dn(80)[[2, 1, 0]] // 40).clip(0, 255).astype(np.uint8)
    empty = np.zeros((4, 50, 50), np.uint16)
    text = tmp_path / "notes.tif"
    text.write_text("not an image")
    cut = tmp_path / "cut.tif"
    cut.write_bytes(Path(write_tif(sample_dn(200), "whole.tif", bands=bands)).read_bytes()[:50_000])
    (tmp_path / "product.zip").write_bytes(Path(product_zip).read_bytes())
    return {
        "good.tif": write_tif(sample_dn(120), "good.tif", bands=bands),
        "tiny.tif": write_tif(sample_dn(5), "tiny.tif", bands=bands),
        "large.tif": write_tif(sample_dn(1100), "large.tif", bands=bands),
        "photo.tif": write_tif(photo, "photo.tif", bands=("B04", "B03", "B02")),
        "empty.tif": write_tif(empty, "empty.tif", bands=bands, nodata=0),
        "notes.tif": text,
        "cut.tif": cut,
        "product.zip": tmp_path / "product.zip",
    }


@pytest.mark.slow
def test_an_hour_of_visitors_has_no_dead_end(browser, server, area, files):
    """Visitors come one after the other until the time is over. RS_SRGAN_SEED repeats an hour.

    RS_SRGAN_PAUSE=0 RS_SRGAN_MINUTES=5 .venv/bin/python -m pytest -s -m slow tests/app/end_to_end/test_hour.py
    """
    until, seed, steps = time.monotonic() + 60 * MINUTES, 1000 * SEED, 0
    complaints: list[str] = []
    while time.monotonic() < until:
        visitor = Visitor(browser, server, area, files, seed)
        complaints += visitor.walk()
        seed, steps = seed + 1, steps + visitor.steps
    print(*complaints, sep="\n")
    print(f"{seed - 1000 * SEED} visitors did {steps} things in {MINUTES:g} minutes; {len(complaints)} dead ends")
    assert complaints == []
