"""The app below a path of nginx, with the configuration of docs/app.md."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
import rasterio

from tests.app.conftest import SECONDS, Server
from tests.conftest import scene_dn

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
DOCS = Path(__file__).parents[3] / "docs" / "app.md"
MAIN = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{ports[0]}; {passes_on} }}
    server {{ listen 127.0.0.1:{ports[1]}; {takes_off} }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def proxies(tmp_path_factory):
    """Two addresses of one server behind nginx: one proxy passes the path on, the other takes it off."""
    if NGINX is None:
        pytest.skip("no nginx on this machine (apt install nginx-light)")
    server = Server(tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("data"), "--root-path", "/sr")
    location = re.search(r"location /sr/ \{.*?\n    \}", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
    passes_on = location.replace("http://127.0.0.1:7860", server.address)
    takes_off = passes_on.replace(f"{server.address};", f"{server.address}/;")
    folder, ports = tmp_path_factory.mktemp("nginx"), (free_port(), free_port())
    (folder / "nginx.conf").write_text(
        MAIN.format(folder=folder, ports=ports, passes_on=passes_on, takes_off=takes_off), encoding="utf-8"
    )
    nginx = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE)
    addresses = [f"http://127.0.0.1:{port}/sr/" for port in ports]
    with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:  # until nginx listens
        assert client.get(f"{addresses[1]}health").json() == {"status": "ok"}
    yield addresses
    nginx.terminate()
    nginx.communicate()
    server.close()


def test_all_parts_of_the_page_work_below_a_path(browser, proxies, write_tif):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    failed = []
    page.on("response", lambda answer: answer.status >= 400 and failed.append(answer.url))
    aborted = "net::ERR_ABORTED"  # the map needs a tile no longer
    page.on("requestfailed", lambda request: request.failure != aborted and failed.append(request.url))
    page.goto(proxies[0].rstrip("/"))  # nginx adds the slash
    page.wait_for_selector("#patch-result sr-viewer.sr-live", timeout=SECONDS)  # scripts, styles and map tiles
    colour = "getComputedStyle(document.querySelector('#start')).backgroundColor"
    assert page.evaluate(colour) == "rgb(15, 118, 110)"  # the theme
    page.locator("#file input[type=file]").set_input_files(write_tif(scene_dn(24, 24), "mine.tif"))
    page.locator("#file").get_by_test_id("download-link").wait_for(timeout=SECONDS)
    page.click("#start")
    page.locator("#patch-result .sr-title", has_text="mine.tif").wait_for(timeout=SECONDS)
    assert page.url.startswith(f"{proxies[0]}?job=")
    recipe = page.locator("[data-recipe=notebook]").text_content()
    (address,) = set(re.findall(r"http://[^\"/]+/sr/jobs/[\w-]+", recipe))
    assert address.startswith(proxies[0])
    assert failed == []
    page.close()
    for path in (address, address.replace(proxies[0], proxies[1])):  # for programs, too
        with rasterio.open(f"{path}/files/sr0.tif") as dataset:
            assert dataset.shape == (96, 96)


def test_the_page_names_the_address_that_visitors_have(proxies):
    for address in proxies:
        assert httpx.get(f"{address}config").json()["root"] == address.rstrip("/")
        assert httpx.get(f"{address}theme.css").status_code == 200
        assert httpx.get(f"{address}jobs/x").json()["detail"].startswith("The server does not have this job")
