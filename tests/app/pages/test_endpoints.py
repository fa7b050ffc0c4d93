"""The named endpoints, by a real client; and requests that no page would make."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import rasterio
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from app.jobs.sample import write_sample_revisits
from rs_srgan import super_resolve
from tests.app.conftest import sample_dn
from tests.conftest import scene_dn

# Wanted are 2 seconds on two idle cores.
STOP = 6.0


@pytest.fixture(scope="module")
def client(server, tmp_path_factory):
    return Client(server.address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def pixels(path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read()


def test_an_image_comes_back_as_the_library_makes_it(client, write_tif, tmp_path):
    source = write_tif(scene_dn(50, 60))
    result, uncertainty, report = client.predict(image=handle_file(source), api_name="/super_resolve")
    super_resolve(source, tmp_path / "own.tif", uncertainty=tmp_path / "unsure.tif")
    np.testing.assert_array_equal(pixels(result), pixels(tmp_path / "own.tif"))
    np.testing.assert_array_equal(pixels(uncertainty), pixels(tmp_path / "unsure.tif"))
    assert report.startswith("60 x 50 px became 240 x 200 px with sisr-x4-rgbn")


def test_an_area_of_a_product_comes_back_georeferenced(client, product_zip, tmp_path):
    area = "15.02 45.12 15.03 45.13"
    result, uncertainty, _ = client.predict(
        product=handle_file(product_zip), area=area, model="sisr-x2-rgbn", api_name="/super_resolve_product"
    )
    box = tuple(map(float, area.split()))
    super_resolve(product_zip, tmp_path / "own.tif", "sisr-x2-rgbn", bbox=box)
    np.testing.assert_array_equal(pixels(result), pixels(tmp_path / "own.tif"))
    assert uncertainty is None


def test_several_images_come_back_as_one(client, tmp_path):
    first, *others = sources = write_sample_revisits(tmp_path)
    images = [handle_file(path) for path in sources]
    result, uncertainty, report = client.predict(images=images, api_name="/super_resolve_revisits")
    super_resolve(sources, tmp_path / "own.tif")
    np.testing.assert_array_equal(pixels(result), pixels(tmp_path / "own.tif"))
    assert uncertainty is None
    assert all(path.name in report for path in others)
    assert f"{first.name}: 100 % clear" in report
    for given, words in (([], "There are no images"), (images[:1], "Several are wanted here")):
        with pytest.raises(AppError, match=words):
            client.predict(images=given, api_name="/super_resolve_revisits")


def test_the_report_is_on_the_image_that_is_shown(client, write_tif):
    """The clearest, whose numbers need not be read like those of the largest."""
    land = sample_dn(120)
    small = write_tif(land[:, :80, :80], "small.tif", nodata=0)
    hidden = land + np.uint16(1000)
    hidden[:, :90] = 0
    large = write_tif(hidden, "large.tif", nodata=0, offsets=(-0.1,) * 4, scales=(1e-4,) * 4)
    images = [handle_file(path) for path in (large, small)]
    report = client.predict(images=images, api_name="/super_resolve_revisits")[2]
    assert report.startswith("80 x 80 px became 320 x 320 px with misr-x4-rgbn. Read as reflectance = DN / 10000.")


def test_a_client_that_cancels_stops_its_job(client, server, write_tif):
    def half_written() -> list[Path]:
        return list(server.folder.glob("rs_srgan_*/*/*.partial"))

    image = handle_file(write_tif(scene_dn(1800, 1800), "large.tif"))
    job = client.submit(image=image, api_name="/super_resolve")
    until = time.monotonic() + 60
    while not half_written():
        assert time.monotonic() < until
        time.sleep(0.1)
    job.cancel()
    started = time.monotonic()
    while half_written():
        assert time.monotonic() < started + STOP
        time.sleep(0.1)
    small = handle_file(write_tif(scene_dn(20, 20), "small.tif"))
    assert "20 x 20 px" in client.predict(image=small, api_name="/super_resolve")[2]


def test_the_models_are_listed_with_their_figures(client):
    models = {model["name"]: model for model in client.predict(api_name="/models")}
    assert models["sisr-x4-rgbn"]["scale"] == 4
    assert models["sisr-x4-rgbn"]["psnr_db"]["model"] > models["sisr-x4-rgbn"]["psnr_db"]["bicubic"]
    assert {name for name, model in models.items() if model["several"]} == {"misr-x4-rgbn", "misr-x2-rgbn"}
    assert models["misr-x4-rgbn"]["psnr_db"]["model"] > models["misr-x4-rgbn"]["psnr_db"]["shift_and_add"]


def test_only_the_named_endpoints_are_public_and_they_are_documented(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/super_resolve", "/super_resolve_product", "/super_resolve_revisits", "/models"}
    names = [parameter["parameter_name"] for parameter in named["/super_resolve"]["parameters"]]
    assert names == ["image", "model", "detail", "offset"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "organisation/name"}, "Load it in the tab Models first"),
        ({"model": "/etc/passwd"}, "Unknown model"),
        ({"detail": 7}, "The detail is 7; expected 0 to 1"),
        ({"offset": "much"}, "expected one of"),
    ],
)
def test_a_wrong_option_is_one_clear_line(client, write_tif, options, words):
    with pytest.raises(AppError) as failure:
        client.predict(image=handle_file(write_tif(scene_dn(8, 8))), **options, api_name="/super_resolve")
    assert words in str(failure.value)
    assert "Traceback" not in str(failure.value) and "/tmp" not in str(failure.value)


def test_without_an_image_that_is_said(client):
    with pytest.raises(AppError, match=r"There is no image yet\. Upload one first\."):
        client.predict(image=None, api_name="/super_resolve")


def test_twelve_at_once_all_finish(client, write_tif):
    source = write_tif(scene_dn(40, 40))

    def ask(_: int) -> str:
        return client.predict(image=handle_file(source), api_name="/super_resolve")[2]

    with ThreadPoolExecutor(12) as pool:
        reports = list(pool.map(ask, range(12)))
    assert all(report.startswith("40 x 40 px became 160 x 160 px") for report in reports)


def call(server, path: str) -> str:
    """The answer to a request that names a file itself, as no page does."""
    data = [{"path": path, "meta": {"_type": "gradio.FileData"}}, "sisr-x4-rgbn", 1, "As the file says"]
    event = httpx.post(f"{server.address}/gradio_api/call/super_resolve", json={"data": data}).json()["event_id"]
    return httpx.get(f"{server.address}/gradio_api/call/super_resolve/{event}", timeout=60).text


def upload(server, path) -> str:
    """Where it now lies on the server."""
    with open(path, "rb") as file:
        return httpx.post(f"{server.address}/gradio_api/upload", files={"files": file}).json()[0]


def test_a_file_of_the_server_cannot_be_named(server, write_tif):
    """A GeoTIFF that was not sent: of another visitor, or of the machine."""
    theirs = server.folder / "theirs.tif"
    shutil.copy(write_tif(scene_dn(16, 16)), theirs)
    for path in (
        str(theirs),
        f"/vsicurl/{server.address}/x.tif",
        f"/vsizip/{theirs}",
        "/etc/passwd",
        f"file://{theirs}",
    ):
        answer = call(server, path)
        assert "event: error" in answer
        assert "event: complete" not in answer
        assert "theirs" not in answer and "Traceback" not in answer


@pytest.mark.parametrize(
    "address",
    ["web/style.css", "gradio_api/file=/etc/passwd", "gradio_api/file={sent}/../../../x.tif", "gradio_api/file=x.tif"],
)
def test_an_address_cannot_be_named(server, write_tif, address):
    sent = upload(server, write_tif(scene_dn(16, 16)))
    Path(server.folder, "x.tif").write_bytes(Path(sent).read_bytes())
    for host in (server.address, "http://127.0.0.1:1"):
        answer = call(server, f"{host}/{address.format(sent=Path(sent).parent)}")
        assert "An address is not taken, only a file that is sent." in answer
        assert "event: complete" not in answer


def test_the_address_of_a_file_that_was_sent_is_that_file(server, write_tif):
    """As tools of language models name it, which know nothing else."""
    sent = upload(server, write_tif(scene_dn(16, 16)))
    assert "event: complete" in call(server, f"{server.address}/gradio_api/file={sent}")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "app/server.py"])
def test_files_of_the_server_are_not_served(server, path):
    for route in ("gradio_api/file=", "web/", "jobs/x/files/"):
        assert httpx.get(f"{server.address}/{route}{path}").status_code in (403, 404)


def test_health_says_so(server):
    assert httpx.get(f"{server.address}/health").json() == {"status": "ok"}


def test_a_job_is_found_by_its_name_only(server):
    for name in ("", "x", "0" * 22):
        assert httpx.get(f"{server.address}/jobs/{name}").status_code == 404
    answer = httpx.get(f"{server.address}/jobs/{'0' * 22}").json()
    assert answer["detail"].startswith("This job is not here")
