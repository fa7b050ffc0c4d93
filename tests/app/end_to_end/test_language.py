"""The page in other languages, as a browser shows it."""

import json
import re

import pytest

from app.pages.assets import LANGUAGES
from tests.app.conftest import SECONDS, keep_picture
from tests.app.end_to_end.test_browser import TABS, open_tab, wait_for_result

# Texts that stay in English: names, model cards, and what the sample and the server say about files.
ENGLISH = re.compile(r"Sentinel-2 chip|Models: trained on|bands by their|Use via API|Built with|DN / 10000")
LEFT = """() => [...document.querySelectorAll('[lang=en]')]
    .filter(each => each.checkVisibility() && !each.closest('select, .sr-recipes'))
    .map(each => each.textContent.trim()).filter(Boolean)"""


@pytest.fixture
def visit(browser, server):
    """A function that opens the page in a browser of a language."""
    contexts = []

    def open_page(locale: str):
        contexts.append(browser.new_context(locale=locale, viewport={"width": 1300, "height": 1000}))
        page = contexts[-1].new_page()
        page.goto(server.address)
        page.wait_for_selector("#patch-result sr-viewer.sr-live", timeout=SECONDS)
        return page

    yield open_page
    for context in contexts:
        context.close()


def language_of(page) -> str:
    return page.evaluate("document.documentElement.lang")


def texts_of(code: str) -> dict[str, str]:
    return json.loads(LANGUAGES[code].read_text(encoding="utf-8"))["texts"]


def test_every_tab_is_in_the_language_of_the_browser(visit):
    german = texts_of("de")
    page = visit("de-AT")
    page.get_by_role("button", name=german["Super-resolve"]).first.wait_for(timeout=SECONDS)
    assert language_of(page) == "de"
    left = []
    for tab in TABS:
        open_tab(page, german[tab])
        page.get_by_role("tab", name=german[tab], selected=True).wait_for()
        if tab == "Tile":
            page.click("#sample-product")
            page.locator("#estimate").get_by_text(re.compile("Die Dateien haben etwa")).wait_for(timeout=SECONDS)
        if tab == "Revisits":
            page.click("#start-revisits")
            wait_for_result(page, "#revisits-result", live=False)
            page.locator("#revisits-result h2").get_by_text("4 von 4 Bildern verwendet").wait_for(timeout=SECONDS)
            facts = page.locator("#revisits-result figcaption").all_inner_texts()
            assert german["reference"] in facts[0] and "Gewicht" in facts[0]
            assert all(re.search(r"% klar.*, um .* px verschoben, Gewicht \d+ %", each) for each in facts[1:])
            strip = page.locator("#revisits-result .sr-views")
            assert strip.get_attribute("aria-label") == german["The images and their weights"]
        keep_picture(page, f"{tab.lower()}_german", full_page=True)
        left += [text for text in page.evaluate(LEFT) if not ENGLISH.search(text)]
    assert left == []


def test_the_language_can_be_chosen_and_stays(visit):
    page = visit("pt-BR")  # there is no translation: the page and Gradio's own words are in English
    assert language_of(page) == "en"
    assert page.locator("#file").get_by_text("Drop File Here").count() == 1
    for code, words in (("zh-CN", texts_of("zh-CN")), ("fr", texts_of("fr"))):
        page.locator("#sr-language").select_option(code)
        page.get_by_role("button", name=words["Super-resolve"]).first.wait_for(timeout=SECONDS)
        assert language_of(page) == code
        assert page.locator("#sr-language").input_value() == code
    page.click("#start")
    page.wait_for_url(re.compile("job="), timeout=SECONDS)  # the sample's title is there before
    page.locator("#sr-language").select_option("en")
    page.get_by_role("button", name="Super-resolve").first.wait_for(timeout=SECONDS)
    assert "job=" in page.url and language_of(page) == "en"
