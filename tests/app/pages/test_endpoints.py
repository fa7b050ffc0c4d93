"""The named endpoints, called by a real client."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import rasterio
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from app.jobs.sample import write_sample_revisits
from app.settings import Settings
from rs_srgan import super_resolve
from rs_srgan.sensors import RGBN
from tests.app.conftest import sample_dn
from tests.conftest import scene_dn


@pytest.fixture(scope="module")
def client(server, tmp_path_factory):
    return Client(server.address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def pixels(path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read()


def test_the_result_of_an_image_is_that_of_the_library(client, write_tif, tmp_path):
    source = write_tif(scene_dn(50, 60))
    result, uncertainty, report = client.predict(image=handle_file(source), api_name="/super_resolve")
    super_resolve(source, tmp_path / "own.tif", uncertainty=tmp_path / "unsure.tif")
    np.testing.assert_array_equal(pixels(result), pixels(tmp_path / "own.tif"))
    np.testing.assert_array_equal(pixels(uncertainty), pixels(tmp_path / "unsure.tif"))
    assert report.startswith("60 x 50 px became 240 x 200 px with sisr-x4-rgbn")


def test_an_image_is_read_as_a_program_states(client, write_tif, tmp_path):
    unnamed = write_tif(scene_dn(20, 30)[[2, 1, 0, 3]], bands=None)
    stated = {"band_names": "B02,B03,B04,B08", "scale": 0.0002, "offset": -100, "nodata": "none"}
    result, _, report = client.predict(image=handle_file(unnamed), **stated, soften=True, api_name="/super_resolve")
    super_resolve(unnamed, tmp_path / "own.tif", **stated | {"band_names": RGBN[2::-1] + RGBN[3:]}, soften=True)
    np.testing.assert_array_equal(pixels(result), pixels(tmp_path / "own.tif"))
    assert "as stated by band_names, reflectance = (DN - 100) / 5000, no data: none" in report


def test_the_result_of_a_product_is_that_of_the_library(client, product_zip, tmp_path):
    area = "15.02 45.12 15.03 45.13"
    result, uncertainty, _ = client.predict(
        product=handle_file(product_zip), area=area, model="sisr-x2-rgbn", api_name="/super_resolve_product"
    )
    box = tuple(map(float, area.split()))
    super_resolve(product_zip, tmp_path / "own.tif", "sisr-x2-rgbn", bbox=box)
    np.testing.assert_array_equal(pixels(result), pixels(tmp_path / "own.tif"))
    assert uncertainty is None
    assert Path(result).name == "T33TWL_20230810_sisr-x2-rgbn.tif"


def test_the_result_of_revisits_is_that_of_the_library(client, tmp_path):
    first, *others = sources = write_sample_revisits(tmp_path)
    images = [handle_file(path) for path in sources]
    result, uncertainty, report = client.predict(images=images, api_name="/super_resolve_revisits")
    super_resolve(sources, tmp_path / "own.tif")
    np.testing.assert_array_equal(pixels(result), pixels(tmp_path / "own.tif"))
    assert uncertainty is None
    assert all(path.name in report for path in others)
    assert f"{first.name}: 100 % clear" in report
    for given, words in (([], "several"), (images[:1], "Patch")):
        with pytest.raises(AppError, match=words):
            client.predict(images=given, api_name="/super_resolve_revisits")


@pytest.mark.parametrize("revisits", [False, True])
def test_the_result_of_a_place_is_that_of_its_dates(client, area, tmp_path, revisits):
    """The same call as the button of the tab Place: dates are found, chosen, read and super-resolved."""
    pytest.importorskip("pystac_client")
    asked = {"area": area, "dates": "2024-07", "revisits": revisits}
    result, _, report = client.predict(**asked, api_name="/super_resolve_place")
    assert "2024-07-12" in report.splitlines()[-1] and ("2024-07-02" in report) == revisits
    assert "2024-07-07" not in report.splitlines()[-1]  # it is cloudy
    with rasterio.open(result) as dataset:
        assert 4 * 38 <= dataset.width <= 4 * 42 and dataset.crs.to_epsg() == 32633
    for change, words in (({"area": "here"}, "area"), ({"dates": ""}, "dates"), ({"catalogue": "x"}, "ask")):
        with pytest.raises(AppError, match=words):
            client.predict(**asked | change, api_name="/super_resolve_place")


def test_the_name_of_a_place_takes_the_place_of_an_area(client):
    pytest.importorskip("pystac_client")
    result, _, report = client.predict(place="Middle", dates="2024-07", api_name="/super_resolve_place")
    with rasterio.open(result) as dataset:
        assert dataset.width == pytest.approx(4 * 200, rel=0.05)  # 2 km
    assert "2024-07" in report


def test_the_report_describes_the_reference(client, write_tif):
    """The clearest image is the reference. Its DN may be read in another way than those of the largest image."""
    land = sample_dn(120)
    small = write_tif(land[:, :80, :80], "small.tif", nodata=0)
    hidden = land + np.uint16(1000)
    hidden[:, :90] = 0
    large = write_tif(hidden, "large.tif", nodata=0, offsets=(-0.1,) * 4, scales=(1e-4,) * 4)
    images = [handle_file(path) for path in (large, small)]
    report = client.predict(images=images, api_name="/super_resolve_revisits")[2]
    assert report.startswith("80 x 80 px became 320 x 320 px with misr-x4-rgbn. Read as ")
    assert "reflectance = DN / 10000" in report.splitlines()[0]


def test_a_client_that_cancels_stops_its_job(client, server, write_tif):
    image = handle_file(write_tif(scene_dn(1800, 1800), "large.tif"))
    job = client.submit(image=image, api_name="/super_resolve")
    news = iter(job)
    reports = [next(news)[2]]  # the endpoint reports every half second
    while not list(server.folder.glob("rs_srgan_*/*/*.partial")):
        reports.append(next(news)[2])
    assert re.fullmatch(r"(preparing|\d+ %|waiting.*then) ?,? ?(about )?[\d.]+ \w+ to [\d.]+ \w+( left)?", reports[0])
    job.cancel()
    small = handle_file(write_tif(scene_dn(20, 20), "small.tif"))
    assert "20 x 20 px" in client.predict(image=small, api_name="/super_resolve")[2]
    assert not list(server.folder.glob("rs_srgan_*/*/large.tif"))  # a finished job would have kept it


def test_models_are_listed_with_their_psnr(client):
    models = {model["name"]: model for model in client.predict(api_name="/models")}
    assert models["sisr-x4-rgbn"]["scale"] == 4
    assert models["sisr-x4-rgbn"]["psnr_db"]["model"] > models["sisr-x4-rgbn"]["psnr_db"]["bicubic"]
    assert {name for name, model in models.items() if model["several"]} == {"misr-x4-rgbn", "misr-x2-rgbn"}
    assert models["misr-x4-rgbn"]["psnr_db"]["model"] > models["misr-x4-rgbn"]["psnr_db"]["shift_and_add"]


def test_only_the_named_endpoints_are_public(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    kinds = ("", "_product", "_revisits", "_place")
    assert set(named) == {"/models", *(f"/super_resolve{kind}" for kind in kinds)}
    names = [parameter["parameter_name"] for parameter in named["/super_resolve"]["parameters"]]
    assert names == ["image", "model", "detail", "offset", "scale", "nodata", "band_names", "soften"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "organisation/name"}, "tab Models"),
        ({"model": "/etc/passwd"}, "Unknown model"),
        ({"detail": 7}, "detail"),
        ({"offset": "much"}, "offset: 'much' is neither"),
        ({"scale": 0}, "The scale is 0"),
        ({"band_names": "B02,B03"}, "band_names states 2"),
    ],
)
def test_a_wrong_option_is_a_clear_error(client, write_tif, options, words):
    with pytest.raises(AppError) as failure:
        client.predict(image=handle_file(write_tif(scene_dn(8, 8))), **options, api_name="/super_resolve")
    assert words in str(failure.value)
    assert "Traceback" not in str(failure.value) and "/tmp" not in str(failure.value)


def test_a_missing_image_is_a_clear_error(client):
    with pytest.raises(AppError, match="Upload"):
        client.predict(image=None, api_name="/super_resolve")


@pytest.mark.parametrize("data", [[], ["mine.tif"]], ids=["none", "one"])
def test_a_request_without_all_values_is_a_clear_error(server, data):
    """Gradio would answer with an internal error, and print a traceback."""
    address = f"{server.address}/gradio_api/call/super_resolve"
    event = httpx.post(address, json={"data": data}).json()["event_id"]
    answer = httpx.get(f"{address}/{event}", timeout=60).text
    assert f"super_resolve: {len(data)} values were given, and 8 are expected" in answer


def test_as_many_requests_at_once_as_may_wait_finish(client, write_tif):
    source, most = write_tif(scene_dn(40, 40)), Settings(folder=Path()).max_waiting_each

    def ask(_: int) -> str:
        return client.predict(image=handle_file(source), api_name="/super_resolve")[2]

    with ThreadPoolExecutor(most) as pool:
        reports = list(pool.map(ask, range(most)))
    assert all(report.startswith("40 x 40 px became 160 x 160 px") for report in reports)
