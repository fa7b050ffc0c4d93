"""Small things in the viewer that visitors stumbled over, on a phone."""

import numpy as np
import pytest

from tests.app.conftest import SECONDS, open_sample
from tests.app.end_to_end.test_browser import PLACES, TABS, open_tab, super_resolve, upload, wait_for_result
from tests.conftest import scene_dn

PIXELS = "**/jobs/*/pixel?*"
# What a click on a pixel does.
PICK = "document.querySelector('#patch-result sr-viewer').stage.onPick({row: 300.5, col: 200.5})"
LONG = "S2B_MSIL2A_20230810T100559_N0509_R022_T33TWL_20230810T133010_the_north_of_the_harbour.tif"
# Whether the last letter of an element is within it, and of the element within the screen.
END_IS_SEEN = """element => {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
    let text;
    while (texts.nextNode()) if (texts.currentNode.data.trim()) text = texts.currentNode;
    const end = text.data.trimEnd().length;
    range.setStart(text, end - 1);
    range.setEnd(text, end);
    const letter = range.getBoundingClientRect(), box = element.getBoundingClientRect();
    return letter.left >= box.left - 1 && letter.right <= box.right + 1 && letter.right <= innerWidth;
}"""


@pytest.fixture(scope="module")
def phone(browser, server):
    """A phone with the sample on it, and the right to use the clipboard."""
    granted = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport={"width": 390, "height": 844}, permissions=granted)
    page = open_sample(context, server)
    page.set_default_timeout(SECONDS)
    page.wait_for_selector("#patch-result sr-viewer.sr-live", timeout=SECONDS)
    yield page
    context.close()


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [(-8.89, 41.2, "41.20000° N 8.89000° W"), (15.0, -3.5, "3.50000° S 15.00000° E")],
    ids=["west", "south"],
)
def test_places_in_the_west_and_in_the_south_say_so(phone, lon, lat, words):
    def move(route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"lon": lon, "lat": lat})

    phone.route(PIXELS, move)
    phone.evaluate(PICK)
    phone.locator("#patch-result .sr-pick h3", has_text=words).wait_for(timeout=SECONDS)
    phone.unroute(PIXELS)


def test_the_text_of_a_chart_can_be_read_on_a_phone(phone):
    phone.evaluate(PICK)
    phone.locator("#patch-result .sr-chart text").first.wait_for(timeout=SECONDS)
    sizes = phone.locator("#patch-result .sr-chart text").evaluate_all(
        "texts => texts.map(each => parseFloat(getComputedStyle(each).fontSize) * each.getScreenCTM().a)"
    )
    assert len(sizes) == 7  # three values and four bands
    assert min(sizes) >= 11


def test_the_values_of_all_bands_are_seen_on_a_wide_screen(phone):
    size = phone.viewport_size
    phone.set_viewport_size({"width": 1440, "height": 900})
    phone.evaluate(PICK)
    values = phone.locator("#patch-result .sr-pick .sr-scroll")
    values.get_by_text("Uncertainty").wait_for(timeout=SECONDS)
    assert values.evaluate("each => each.scrollWidth <= each.clientWidth")
    phone.set_viewport_size(size)


def test_the_place_of_the_scroll_bar_is_as_dark_as_the_page(phone):
    root, page = phone.evaluate(
        """() => {
            document.body.classList.add("dark");
            const page = document.body.appendChild(document.createElement("i"));
            page.style.background = "var(--body-background-fill)";
            const found = [document.documentElement, page].map(each => getComputedStyle(each).backgroundColor);
            document.body.classList.remove("dark");
            page.remove();
            return found;
        }"""
    )
    assert root == page


def test_tiles_that_the_network_lost_are_asked_for_again(phone):
    said = []
    phone.on("console", lambda message: said.append(message.text) if "AJAXError" in message.text else None)
    phone.context.set_offline(True)
    with phone.expect_event("requestfailed", lambda request: "/tiles/" in request.url):
        phone.locator("#patch-result [name=composite]").select_option(index=1)
    with phone.expect_response(lambda response: "/tiles/" in response.url and response.ok):
        phone.context.set_offline(False)
    phone.locator("#patch-result [name=composite]").select_option(index=0)
    assert said == []


@pytest.mark.parametrize(("title", "recipe"), [("Command", "command"), ("Python", "snippet")])
def test_copy_puts_the_lines_into_the_clipboard(phone, title, recipe):
    code = phone.locator(f"#patch-result [data-recipe={recipe}]")
    if not code.is_visible():
        phone.get_by_text("Repeat this on your own machine").first.click()
    button = phone.get_by_role("button", name=f"Copy: {title}", exact=True)
    button.click()
    phone.wait_for_function("button => button.textContent === 'Copied'", arg=button.element_handle())
    copied = phone.evaluate("navigator.clipboard.readText()")
    assert copied == code.text_content() and "sisr-x4-rgbn" in copied


def test_what_can_be_downloaded_is_equally_high_and_the_sample_is_named_as_such(phone):
    heights = phone.locator("#patch-result .sr-files > *").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert len(heights) > 4 and len(set(heights)) == 1
    assert phone.locator("#patch-result .sr-recipes .sr-hint").text_content().startswith("The sample is on this server")


def test_an_image_without_a_place_has_no_map_and_is_no_sample(browser, server, tmp_path):
    np.save(tmp_path / "array.npy", scene_dn(24, 24))
    context = browser.new_context()
    page = open_sample(context, server)
    super_resolve(page, tmp_path / "array.npy")
    wait_for_result(page, live=False)
    page.locator("#patch-result h2", has_text="array.npy").wait_for(timeout=SECONDS)
    assert page.locator("#patch-result .sr-open-map").is_hidden()
    assert not page.locator("#patch-result .sr-recipes .sr-hint").count()
    context.close()


def test_all_tabs_are_equally_wide_with_and_without_a_scroll_bar(phone):
    """The browser of the tests draws no scroll bars: the test looks whether the page keeps a place for one."""
    assert phone.evaluate("getComputedStyle(document.documentElement).scrollbarGutter") == "stable"
    for width in (1300, 390):
        phone.set_viewport_size({"width": width, "height": 844})
        found = set()
        for tab in (*TABS, "Patch"):
            open_tab(phone, tab)
            phone.locator(PLACES[tab]).wait_for()
            box = phone.locator(".tabs").first.bounding_box()
            found.add((box["x"], box["width"]))
        assert len(found) == 1


def test_the_end_of_a_long_name_is_seen(phone, write_tif):
    """The end tells names of one product apart."""
    source = write_tif(scene_dn(20, 20), LONG)
    upload(phone, "#file", source)
    stem = phone.locator("#file .stem")
    assert stem.evaluate("stem => stem.scrollWidth > stem.clientWidth")  # it is cut
    assert stem.evaluate(END_IS_SEEN)
    phone.click("#start")
    title = phone.locator("#patch-result .sr-title h2", has_text="harbour")
    title.wait_for(timeout=SECONDS)
    assert title.evaluate(END_IS_SEEN)
