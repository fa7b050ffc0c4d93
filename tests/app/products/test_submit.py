"""Areas of products that become jobs, and estimates before them."""

import json
import re

import pytest

from app.jobs.queue import DONE
from app.jobs.request import make_request
from app.products.submit import foresee, submit_product
from app.viewer.describe import describe_view
from app.viewer.layers import view_of
from rs_srgan import InputError
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.app.conftest import write_product
from tests.safe_builder import zip_safe


@pytest.fixture
def request_(models):
    return make_request(models, (DEFAULT_MODEL,), 1, False)


def test_an_estimate_has_size_and_time_and_leaves_nothing(jobs, products, small, request_):
    product = products.receive(small)
    product.source()
    before = set(jobs.settings.folder.iterdir())
    forecast = foresee(jobs, product, "", request_)
    grid = forecast.outlook.grid
    assert (grid.height, grid.width, forecast.outlook.scale) == (120, 120, 4)
    assert forecast.seconds > 0
    assert forecast.waiting_seconds == 0
    assert set(jobs.settings.folder.iterdir()) == before


@pytest.mark.parametrize(
    "area",
    [
        "15.001 45.142 15.006 45.148",
        " 15.001, 45.142, 15.006, 45.148\n",
        json.dumps({"type": "Polygon", "coordinates": [[[15.001, 45.142], [15.006, 45.142], [15.006, 45.148]]]}),
    ],
)
def test_a_typed_area_becomes_a_job(jobs, products, small, request_, area):
    job = submit_product(jobs, products.receive(small), area, request_)
    assert jobs.wait(job, 60) and job.state == DONE, job.message
    assert 30 < job.outlook.grid.width < 50
    if job.request.aoi:
        assert job.request.aoi.read_text() == area


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ("1 2 3", "numbers"),
        ("a b c d", "numbers"),
        ("0 0 1 1", "outside"),
        ("15.1 45.1 15.0 45.0", r"-90\.\.90"),
        ('{"type": "Point", "coordinates": [1, 2]}', "The area of interest contains no polygon"),
        ("{", "GeoJSON"),
    ],
)
def test_a_wrong_area_is_refused(jobs, products, small, request_, area, words):
    with pytest.raises(InputError, match=words):
        submit_product(jobs, products.receive(small), area, request_)


def test_the_recipe_names_results_by_tile_and_date_and_reads_the_archive(jobs, models, products, small, tmp_path):
    archive = small.rename(tmp_path / "download (3).zip")
    asked = make_request(models, (DEFAULT_MODEL, "sisr-x2-rgbn"), 1, True)
    job = submit_product(jobs, products.receive(archive), "15.001 45.142 15.006 45.148", asked)
    assert jobs.wait(job, 60) and job.state == DONE, job.message
    told = describe_view(view_of(job, [models.config(name) for name in job.request.models]), job, models, "")
    offered = {file["as"] for file in told["files"]}
    for recipe in (told["command"], told["snippet"]):
        written = set(re.findall(r"[\w-]+\.tif", recipe))
        assert written == {f"T33TWL_20230810_{name}.tif" for name in (*job.request.models, "uncertainty")}
        assert written < offered and recipe.count(archive.name) == 2


def test_a_missing_band_is_named(jobs, products, tmp_path, request_):
    safe = write_product(tmp_path, 120)
    next(safe.rglob("*B08_10m.jp2")).unlink()
    with pytest.raises(InputError, match="B08"):
        submit_product(jobs, products.receive(zip_safe(safe)), "", request_)
