"""The lines for a notebook that the viewer hands out, with leafmap, in a page of another origin."""

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread

import httpx

from tests.app.conftest import SECONDS, Server

# leafmap's page loads MapLibre from there. The package maplibre carries the same files.
_CDN = re.compile(r"https://unpkg\.com/maplibre-gl@[\d.]+/dist/(maplibre-gl\.(?:js|css))")


def notebook_of_the_sample(server: Server) -> str:
    """Return the lines that the viewer shows for the sample."""
    sample = re.search(r"jobs/([\w-]+)/pictures", httpx.get(server.address).text)[1]
    return httpx.get(f"{server.address}/jobs/{sample}").json()["view"]["notebook"]


def test_leafmap_draws_the_result_in_a_page_of_another_origin(browser, server, tmp_path):
    names = {}
    lines = notebook_of_the_sample(server).replace("leafmap.Map(", "leafmap.Map(use_message_queue=True, ")
    exec(lines, names)  # with that option leafmap keeps for a page what it would send to a notebook
    (tmp_path / "map.html").write_text(names["m"].to_html(remove_port=False), encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    elsewhere = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=elsewhere.serve_forever, daemon=True).start()
    page = browser.new_page(viewport={"width": 600, "height": 500})
    page.route(
        _CDN,
        lambda route: route.fulfill(path=files("maplibre") / "srcjs" / _CDN.match(route.request.url)[1]),
    )
    failed = []
    page.on("requestfailed", lambda request: "/tiles/" in request.url and failed.append(request.url))
    with page.expect_response(
        lambda answer: "/tiles/earth/sr/" in answer.url and answer.status == 200, timeout=SECONDS
    ) as tile:
        page.goto(f"http://127.0.0.1:{elsewhere.server_port}/map.html")
    assert tile.value.headers["access-control-allow-origin"] == "*"
    page.wait_for_function(
        """() => {
            const canvas = document.querySelector("canvas");
            if (!canvas) return false;
            const copy = Object.assign(document.createElement("canvas"), {width: 60, height: 50});
            const pen = copy.getContext("2d");
            return new Promise(done => requestAnimationFrame(() => {
                pen.drawImage(canvas, 0, 0, 60, 50);
                const values = pen.getImageData(0, 0, 60, 50).data.filter((_, index) => index % 4 === 1);
                done(new Set(values).size > 20);  // green of many pixels: a picture, not a plain colour
            }));
        }""",
        timeout=SECONDS,
    )
    assert failed == []
    page.close()
    elsewhere.shutdown()
    elsewhere.server_close()
