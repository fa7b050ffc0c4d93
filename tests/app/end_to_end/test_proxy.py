"""The app below a path of nginx and of Caddy, with the configurations of docs/app.md."""

import re
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

import httpx
import numpy as np
import pytest
import rasterio
import yaml
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from app.__main__ import make_parser
from tests.app.conftest import SECONDS, Server
from tests.conftest import scene_dn

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CADDY = shutil.which("caddy")
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
def server(tmp_path_factory):
    """A server that is offered below a path."""
    server = Server(
        tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("data"), "--root-path", "/sr", "--max-waiting", "1"
    )
    yield server
    server.close()


def answered(address: str) -> None:
    """Wait until a proxy listens and the server behind it answers."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
        assert client.get(f"{address}health").json() == {"status": "ok"}


@pytest.fixture(scope="module")
def caddy(server, tmp_path_factory):
    """The address of the server behind Caddy, without its certificate."""
    if CADDY is None:
        pytest.skip("no Caddy on this machine (apt install caddy)")
    folder, port = tmp_path_factory.mktemp("caddy"), free_port()
    (block,) = re.findall(r"^sr\.example\.org \{.*?^\}", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    block = block.replace("sr.example.org", f"http://127.0.0.1:{port}", 1)
    block = block.replace("127.0.0.1:7860", server.address.removeprefix("http://"))
    (folder / "Caddyfile").write_text(f"{{\n    admin off\n}}\n{block}\n", encoding="utf-8")
    command = [CADDY, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    home = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    proxy = subprocess.Popen(command, env=home, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/sr/"
    answered(address)
    yield address
    proxy.terminate()
    proxy.wait()


@pytest.fixture(scope="module")
def proxies(server, tmp_path_factory):
    """Two addresses of one server behind nginx: one proxy passes the path on, the other takes it off."""
    if NGINX is None:
        pytest.skip("no nginx on this machine (apt install nginx-light)")
    location = re.search(r"location /sr/ \{.*?\n    \}", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
    passes_on = location.replace("http://127.0.0.1:7860", server.address)
    takes_off = passes_on.replace(f"{server.address};", f"{server.address}/;")
    folder, ports = tmp_path_factory.mktemp("nginx"), (free_port(), free_port())
    (folder / "nginx.conf").write_text(
        MAIN.format(folder=folder, ports=ports, passes_on=passes_on, takes_off=takes_off), encoding="utf-8"
    )
    nginx = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE)
    addresses = [f"http://127.0.0.1:{port}/sr/" for port in ports]
    answered(addresses[1])
    yield addresses
    nginx.terminate()
    nginx.communicate()


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


def test_large_uploads_figures_and_maps_work_below_a_path(browser, proxies, write_tif):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    parts, failed = [], []
    page.on("request", lambda asked: asked.method == "PATCH" and parts.append(asked.url))
    page.context.on("response", lambda answer: answer.status >= 400 and failed.append(answer.url))
    page.goto(proxies[1])
    page.wait_for_selector("#patch-result sr-viewer.sr-live", timeout=SECONDS)
    with page.expect_download(timeout=SECONDS) as download:
        page.locator("#patch-result [data-figure=png]").click()
    assert download.value.suggested_filename == "sentinel2_sample_figure.png"
    if find_spec("leafmap"):
        with page.context.expect_page() as opened:
            page.locator("#patch-result .sr-open-map").click()
        opened.value.wait_for_selector("html[data-state=drawn]", state="attached", timeout=SECONDS)
        assert opened.value.url.startswith(f"{proxies[1]}jobs/")
    large = write_tif(np.zeros((4, 1100, 1100), np.uint16), "large.tif")  # 9.7 MB
    page.locator("#file input[type=file]").set_input_files(large)
    page.locator("#file").get_by_test_id("download-link").wait_for(timeout=SECONDS)
    assert len(parts) == 2 and all(part.startswith(f"{proxies[1]}uploads/") for part in parts)
    assert failed == []
    page.close()


def test_visitors_behind_a_proxy_are_told_apart(proxies, write_tif):
    """The server of this file lets one job of each visitor wait."""
    one, other = (
        Client(proxies[0], verbose=False, headers={"X-Forwarded-For": address})
        for address in ("203.0.113.1", "203.0.113.2")
    )

    def ask(client: Client, name: str, side: int):
        image = handle_file(write_tif(scene_dn(side, side), name))
        return client.submit(image=image, api_name="/super_resolve")

    def waits(job) -> bool:
        return next(iter(job))[2].startswith("waiting")

    first = ask(one, "first.tif", 1200)
    while waits(first):
        pass
    second = ask(one, "second.tif", 1200)
    assert waits(second)
    with pytest.raises(AppError, match="waiting"):
        ask(one, "third.tif", 24).result(timeout=SECONDS / 1000)
    theirs = ask(other, "theirs.tif", 24)
    assert waits(theirs)
    for job in (theirs, second, first):
        job.cancel()


def test_programs_get_the_address_that_visitors_have(proxies, server, write_tif):
    client = Client(proxies[0], verbose=False)
    client.predict(image=handle_file(write_tif(scene_dn(24, 24), "programs.tif")), api_name="/super_resolve")
    (folder,) = {path.parent for path in server.folder.glob("rs_srgan_*/*/programs.tif")}
    for proxy in proxies:
        view = httpx.get(f"{proxy}jobs/{folder.name}").json()["view"]
        assert view["address"] == f"{proxy}jobs/{folder.name}"
        assert f"{proxy}jobs/{folder.name}/tiles" in view["notebook"]
    # as a proxy with a certificate asks
    secure = httpx.get(f"{server.address}/jobs/{folder.name}", headers={"X-Forwarded-Proto": "https"}).json()["view"]
    assert secure["address"] == f"{server.address.replace('http:', 'https:')}/sr/jobs/{folder.name}"
    assert f"{secure['address']}/tiles" in secure["notebook"]


def test_the_page_names_the_address_that_visitors_have(proxies):
    for address in proxies:
        assert httpx.get(f"{address}config").json()["root"] == address.rstrip("/")
        assert httpx.get(f"{address}theme.css").status_code == 200
        assert httpx.get(f"{address}jobs/x").json()["detail"].startswith("The server does not have this job")


def test_caddy_passes_pages_uploads_the_queue_and_results_on(caddy, write_tif):
    with httpx.Client() as client:
        moved = client.get(caddy.rstrip("/"))
        assert moved.status_code == 302 and moved.headers["location"] == "/sr/"
        assert client.get(f"{caddy}config").json()["root"] == caddy.rstrip("/")
        assert client.get(f"{caddy}theme.css").status_code == client.get(f"{caddy}web/job.js").status_code == 200
    client = Client(caddy, verbose=False)
    source = write_tif(scene_dn(24, 24), "mine.tif")
    _, _, report = client.predict(image=handle_file(source), api_name="/super_resolve")
    assert report.startswith("24 x 24 px became 96 x 96 px")


def test_the_file_of_docker_compose_starts_the_app_as_its_parser_reads_it():
    """Docker and Traefik are not here: the test reads the file, and what of it the app itself decides on."""
    (text,) = re.findall(r"```yaml\n(services:.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    services = yaml.safe_load(text)["services"]
    options = make_parser().parse_args(services["app"]["command"])
    assert (options.root_path, options.public_hosts) == ("/sr", ["sr.example.org"])
    labels = dict(each.split("=", 1) for each in services["app"]["labels"])
    rule = labels["traefik.http.routers.sr.rule"]
    assert f"PathPrefix(`{options.root_path}`)" in rule and f"Host(`{options.public_hosts[0]}`)" in rule
    dockerfile = (DOCS.parents[1] / "app" / "Dockerfile").read_text(encoding="utf-8")
    assert f"EXPOSE {labels['traefik.http.services.sr.loadbalancer.server.port']}" in dockerfile
    assert services["app"]["build"]["dockerfile"] == "app/Dockerfile" and services["app"]["read_only"]
    # every resolver and entry point that a label names is one that a flag makes
    flags = " ".join(services["traefik"]["command"])
    for kind, name in (("certificatesresolvers", "tls.certresolver"), ("entrypoints", "entrypoints")):
        assert f"--{kind}.{labels[f'traefik.http.routers.sr.{name}']}." in flags
