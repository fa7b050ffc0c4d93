"""Every tab with a result in it: on a phone, on other screens, in both themes, and for people who cannot see it.

It takes two minutes: python -m pytest -m slow tests/app/end_to_end/test_every_tab.py
"""

from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.app.conftest import SECONDS, keep_picture
from tests.app.end_to_end.test_browser import LIVE, PLACES, TABS, open_tab, wait_for_result
from tests.app.end_to_end.test_language import texts_of

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.slow
AXE = find_spec("axe_playwright_python")
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], rules: {'heading-order': {enabled: true}}}"
WIDTHS = (390, 768, 1440)
THEMES = ("light", "dark")
HEIGHT = 844
STARTS = {"Patch": "#start", "Tile": "#start-tile", "Revisits": "#start-revisits", "Place": "#start-place"}
# The top of the result is in the upper half of the screen.
IN_VIEW = """place => {
    const {top} = document.querySelector(`${place} sr-job`).getBoundingClientRect();
    return top >= -1 && top < innerHeight / 2;
}"""
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def phone(browser, server):
    """A page on a phone."""
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": HEIGHT}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    page.goto(server.address)
    page.wait_for_selector(LIVE)
    yield page
    context.close()


def choose_product(page) -> None:
    page.click("#sample-product")
    page.locator("#estimate").get_by_text("about").wait_for(timeout=SECONDS)


def choose_dates(page, area: str) -> None:
    page.locator("#place-area").get_by_role("textbox").fill(area)
    for label in ("From", "To"):
        page.get_by_label(label, exact=True).fill("July 2024")
        page.get_by_role("option", name="July 2024").last.click()  # the first list is still closing
    page.click("#find-dates")
    page.locator("sr-dates button").nth(2).wait_for(timeout=SECONDS)


@pytest.fixture(scope="module")
def seen(phone, area) -> dict[str, bool]:
    """The page with a result in every tab: whether each came into view after the click, by the name of its tab."""
    prepare: dict[str, Callable[[], None]] = {
        "Patch": lambda: None,
        "Tile": lambda: choose_product(phone),
        "Revisits": lambda: None,
        "Place": lambda: choose_dates(phone, area),
    }
    if not (find_spec("pystac_client") and find_spec("leafmap")):
        del prepare["Place"]
    came = {}
    for tab, make_ready in prepare.items():
        place = f"#{tab.lower()}-result"
        open_tab(phone, tab)
        phone.locator(PLACES[tab]).wait_for()
        make_ready()
        phone.locator(STARTS[tab]).scroll_into_view_if_needed()
        phone.click(STARTS[tab])
        wait_for_result(phone, place, live=False)
        came[tab] = False
        with suppress(sync_api.TimeoutError):
            phone.wait_for_function(IN_VIEW, arg=place)
            came[tab] = True
    return came


@pytest.mark.parametrize("tab", STARTS)
def test_the_result_comes_into_view_on_a_phone(seen, tab):
    if tab not in seen:
        pytest.skip("needs the extras stac and maps")
    assert seen[tab]


@pytest.mark.parametrize("code", ["en", "de", "fr", "es", "zh-CN"])
def test_all_tabs_stand_in_a_row_on_a_phone(browser, server, code):
    """Gradio moves tabs that do not fit into a menu, where few visitors look for them."""
    names = {} if code == "en" else texts_of(code)
    context = browser.new_context(locale=code, viewport={"width": WIDTHS[0], "height": HEIGHT}, is_mobile=True)
    page = context.new_page()
    page.goto(server.address)
    page.wait_for_selector(LIVE, timeout=SECONDS)  # Gradio has measured the tabs long before
    hidden = [tab for tab in TABS if not page.get_by_role("tab", name=names.get(tab, tab)).is_visible()]
    menu = page.locator(".overflow-menu > button").is_visible()
    context.close()
    assert (hidden, menu) == ([], False)


@pytest.fixture(scope="module")
def everything(seen, phone):
    """The page with a result in every tab, and with all open that is closed at first."""
    for tab in TABS:
        open_tab(phone, tab)
        phone.locator(PLACES[tab]).wait_for()
        if tab == "Models":
            phone.get_by_role("button", name="Card of sisr-x4-rgbn").first.click()
            phone.locator("img[alt=best]").first.wait_for()
        if tab in seen:
            result = phone.locator(f"#{tab.lower()}-result")
            result.get_by_text("Repeat this on your own machine").click()
            result.locator(".sr-live .sr-stage").click(position={"x": 60, "y": 150})
            result.locator(".sr-pick h3").wait_for(timeout=SECONDS)
    return phone


def set_theme(page, theme: str) -> None:
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_tab_is_wider_than_the_screen(everything, width):
    everything.set_viewport_size({"width": width, "height": HEIGHT})
    too_wide = []
    for tab in TABS:
        open_tab(everything, tab)
        everything.locator(PLACES[tab]).wait_for()
        for theme in THEMES:
            set_theme(everything, theme)
            everything.evaluate(DRAWN)
            keep_picture(everything, f"{tab.lower()}_{width}_{theme}", full_page=True)
            if everything.evaluate("document.documentElement.scrollWidth") > width:
                too_wide.append((tab, theme))
    assert too_wide == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_tab_is_accessible(everything, theme):
    """axe-core finds no violation of WCAG 2.1 A and AA, and headings skip no level."""
    if AXE is None:
        pytest.skip("pip install axe-playwright-python")
    everything.set_viewport_size({"width": WIDTHS[-1], "height": HEIGHT})
    set_theme(everything, theme)
    # through the driver, since the security policy of the page could forbid a script
    everything.evaluate((Path(AXE.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8"))
    problems = []
    for tab in TABS:
        open_tab(everything, tab)
        everything.locator(PLACES[tab]).wait_for()
        found = everything.evaluate(f"axe.run({RULES})")["violations"]
        problems += [(tab, each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found]
    assert problems == []
