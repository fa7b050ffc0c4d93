"""What disturbs a visit: lost connections, impatient clicks, small screens, removed results, and pages elsewhere."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import rasterio

from tests.app.conftest import SECONDS
from tests.app.end_to_end.test_browser import open_tab, super_resolve, upload, wait_for_result
from tests.conftest import scene_dn


@pytest.fixture
def phone(browser, server):
    """The page on a phone, with the sample on it."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
    page = context.new_page()
    page.goto(server.address)
    page.wait_for_selector("#patch-result sr-viewer", timeout=SECONDS)
    yield page
    context.close()


@pytest.fixture
def elsewhere(tmp_path):
    """The address of an empty page on another server."""
    (tmp_path / "page.html").write_text("<h1>Notebook</h1>", encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/page.html"
    server.shutdown()
    server.server_close()


def test_the_page_recovers_from_a_lost_connection(phone):
    open_tab(phone, "Revisits")
    with phone.expect_request("**/jobs/*", timeout=SECONDS):
        phone.click("#start-revisits")
    phone.context.set_offline(True)
    phone.locator("#revisits-result").get_by_text("No answer from the server").wait_for(timeout=SECONDS)
    phone.wait_for_timeout(9000)  # the page has reached its longest pause between two questions
    phone.context.set_offline(False)
    wait_for_result(phone, "#revisits-result", live=False)
    assert "4 of 4 images used" in phone.locator("#revisits-result h2").first.inner_text()


def test_the_button_waits_for_the_next_product_and_no_field_names_the_one_before(phone, product_zip):
    """A request during its arrival would be for the product before, and its result would be replaced."""
    open_tab(phone, "Tile")
    upload(phone, "#product", product_zip)
    phone.locator("#glance sr-quicklook").wait_for(timeout=SECONDS)
    before = phone.locator("#glance sr-quicklook").get_attribute("data-id")
    held, released = [], []  # the page may ask after its button waits, so that requests come while these go on
    phone.route("**/queue/join*", lambda asked: asked.continue_() if released else held.append(asked))
    phone.click("#sample-product")
    phone.locator("#start-tile:disabled").wait_for(timeout=SECONDS)
    released.append(True)
    for request in held:
        request.continue_()
    phone.locator("#start-tile:enabled").wait_for(timeout=SECONDS)
    assert phone.locator("#glance sr-quicklook").get_attribute("data-id") != before
    assert not phone.locator("#product").get_by_test_id("download-link").count()


def test_a_double_click_starts_one_job_and_its_result_comes_into_view(phone):
    button = phone.evaluate("gradio_config.components.find(({props}) => props.elem_id === 'start').id")
    started = []

    def count(request):
        """Estimates and other answers of the page are asked in the same way; what the button asks names the button."""
        if "/queue/join" in request.url and request.post_data_json["trigger_id"] == button:
            started.append(request.post_data)

    phone.on("request", count)
    phone.locator("#start").scroll_into_view_if_needed()
    phone.dblclick("#start")
    phone.wait_for_url("**/?job=*", timeout=SECONDS)
    wait_for_result(phone, "#patch-result", live=False)
    phone.wait_for_function(
        "(() => { const {top} = document.querySelector('#patch-result sr-job').getBoundingClientRect();"
        " return top >= -1 && top < innerHeight / 2; })()",
        timeout=SECONDS,
    )
    assert len(started) == 1


def test_the_adjust_box_covers_nothing_of_the_image_and_closes_by_escape(page):
    box = page.locator("#patch-result .sr-more")
    for width in (390, 768, 1300):
        page.set_viewport_size({"width": width, "height": 1000})
        box.locator("summary").click()
        controls, stage = (
            page.locator(f"#patch-result {part}").bounding_box() for part in (".sr-more > div", ".sr-stage")
        )
        assert controls["height"] > 40
        above, below = controls["y"] + controls["height"] <= stage["y"], stage["y"] + stage["height"] <= controls["y"]
        assert above or below
        page.keyboard.press("Escape")
        assert box.get_attribute("open") is None


def test_a_removed_result_says_so(page):
    page.route("**/jobs/*/files/*", lambda route: route.fulfill(status=404, json={"detail": "It is gone."}))
    page.locator("#patch-result .sr-files a").first.click()
    page.locator("#patch-result .sr-gone").wait_for(timeout=SECONDS)
    page.locator("#patch-result .sr-gone").evaluate("note => (note.hidden = true)")
    page.route("**/jobs/*/legend/*", lambda route: route.fulfill(status=404, json={"detail": "It is gone."}))
    page.locator("#patch-result [name=left]").select_option("bicubic")
    note = page.locator("#patch-result .sr-gone")
    note.wait_for(timeout=SECONDS)
    assert "It is gone." in note.inner_text()


@pytest.mark.parametrize(("asked", "ask"), [("pixel?*", "pick({row: 3, col: 3})"), ("legend/*", "legend()")])
def test_a_viewer_without_an_answer_says_so_until_there_is_one(page, asked, ask):
    failed, note = [], page.locator("#patch-result .sr-gone")
    page.on("pageerror", lambda error: failed.append(error))
    page.route(f"**/jobs/*/{asked}", lambda route: route.abort())
    page.evaluate(f"document.querySelector('#patch-result sr-viewer').{ask}")
    note.get_by_text("The server does not answer.").wait_for(timeout=SECONDS)
    page.unroute(f"**/jobs/*/{asked}")
    page.locator("#patch-result [name=left]").select_option("bicubic")
    note.wait_for(state="hidden", timeout=SECONDS)
    assert failed == []


def test_a_removed_map_says_so_and_opens_no_tab(page):
    link, note = page.locator("#patch-result .sr-open-map"), page.locator("#patch-result .sr-gone")
    with page.expect_popup(timeout=SECONDS) as opened:
        link.click()
    opened.value.wait_for_url("**/map?*", timeout=SECONDS)
    opened.value.close()
    before = len(page.context.pages)
    page.route("**/jobs/*", lambda route: route.fulfill(status=404, json={"detail": "It is gone."}))
    link.click()
    note.get_by_text("It is gone.").wait_for(timeout=SECONDS)
    assert len(page.context.pages) == before


def test_drawing_on_a_removed_product_says_so(page):
    open_tab(page, "Tile")
    page.click("#sample-product")
    page.wait_for_function("document.querySelector('sr-quicklook img')?.naturalWidth > 0", timeout=SECONDS)
    note = page.locator("sr-quicklook .sr-gone")

    def draw() -> None:
        box = page.locator("sr-quicklook img").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 90, box["y"] + 90, steps=3)
        page.mouse.up()

    page.route("**/products/*/area?*", lambda route: route.fulfill(status=404, json={"detail": "It is gone."}))
    draw()
    note.get_by_text("It is gone.").wait_for(timeout=SECONDS)
    page.unroute("**/products/*/area?*")
    draw()
    note.wait_for(state="hidden", timeout=SECONDS)


def test_stop_can_be_pressed_again_after_a_lost_connection(page, write_tif):
    super_resolve(page, write_tif(scene_dn(900, 900), "large.tif"))
    stop = page.get_by_role("button", name="Stop")
    stop.wait_for(timeout=SECONDS)
    page.route("**/jobs/*", lambda route: route.abort() if route.request.method == "DELETE" else route.fallback())
    with page.expect_event("requestfailed"):
        stop.click()
    page.unroute("**/jobs/*")
    stop.click(timeout=SECONDS)  # waits until the button can be pressed
    page.get_by_text("The server has removed its files.").wait_for(timeout=SECONDS)


def test_without_a_clipboard_the_page_shows_what_to_copy(page, server):
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as by plain HTTP
    shown = []
    page.on("dialog", lambda dialog: (shown.append(dialog.default_value), dialog.dismiss()))
    page.locator("#patch-result [data-do=link]").click()
    page.get_by_text("Repeat this on your own machine").first.click()
    page.get_by_role("button", name="Copy: Command").click()
    assert shown[0].startswith(f"{server.address}/?job=")
    assert shown[1] == page.locator("#patch-result [data-recipe=command]").text_content()


def test_programs_and_pages_elsewhere_read_results_by_address(page, server, browser, elsewhere):
    sample = page.locator("#patch-result sr-job").get_attribute("data-id")
    address = f"{server.address}/jobs/{sample}"
    with rasterio.open(f"{address}/files/sr0.tif") as dataset:
        assert dataset.read(1, window=((0, 10), (0, 10))).any()
    notebook = browser.new_page()
    notebook.goto(elsewhere)
    read = """async address => {
        const answer = await fetch(address, {headers: {Range: "bytes=0-3"}});
        return [answer.status, answer.headers.get("content-range")?.split("/")[0], (await answer.blob()).size];
    }"""
    assert notebook.evaluate(read, f"{address}/files/sr0.tif") == [206, "bytes 0-3", 4]
    draw = """address => new Promise(done => {
        const image = Object.assign(new Image(), {crossOrigin: "anonymous", src: address});
        image.onload = () => done(image.naturalWidth);
        image.onerror = () => done(0);
    })"""
    assert notebook.evaluate(draw, f"{address}/tiles/pixels/sr/20/524288/524288.webp") == 256
    assert notebook.evaluate("address => fetch(address).then(() => true, () => false)", address) is False
    notebook.close()
