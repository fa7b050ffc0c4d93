"""What the page asks the server about jobs."""

import dataclasses
import io
import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.jobs.queue import DONE
from app.jobs.request import make_request
from app.jobs.submit import submit_image
from app.products.store import Products
from app.products.submit import submit_product
from app.server import answer_errors
from app.viewer.routes import make_job_routes
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.app.conftest import REQUEST, write_product
from tests.conftest import scene_dn
from tests.safe_builder import zip_safe


@pytest.fixture
def client(jobs) -> TestClient:
    server = FastAPI()
    answer_errors(server)
    server.include_router(make_job_routes(jobs))
    return TestClient(server)


@pytest.fixture
def job(jobs, write_tif):
    job = submit_image(jobs, write_tif(scene_dn(40, 50)), dataclasses.replace(REQUEST, uncertainty=True))
    assert jobs.wait(job, 60) and job.state == DONE, job.message
    return job


@pytest.mark.parametrize("question", ["", "/pixel?row=1&col=1", "/pictures/sr.webp", "/views/0.png", "/files/sr0.tif"])
def test_an_unknown_job_is_gone(client, question):
    answer = client.get(f"/jobs/x{question}")
    assert answer.status_code == 404
    assert "address" in answer.json()["detail"]


def test_the_state_of_a_finished_job_has_its_view(client, job):
    state = client.get(f"/jobs/{job.id}").json()
    assert (state["id"], state["state"], state["models"]) == (job.id, DONE, [DEFAULT_MODEL])
    assert state["view"]["scale"] == 4


def test_pictures_and_tiles_are_webp(client, job):
    picture = client.get(f"/jobs/{job.id}/pictures/sr.webp?size=100")
    assert Image.open(io.BytesIO(picture.content)).size == (100, 80)
    tile = client.get(f"/jobs/{job.id}/tiles/pixels/sr/20/524288/524288.webp")
    assert Image.open(io.BytesIO(tile.content)).size == (256, 256)
    assert client.get(f"/jobs/{job.id}/tiles/pixels/sr/20/0/0.webp").status_code == 204


def test_a_pixel_is_found_by_row_and_by_longitude(client, job):
    by_row = client.get(f"/jobs/{job.id}/pixel?row=9.5&col=7.5").json()
    by_lon = client.get(f"/jobs/{job.id}/pixel?lon={by_row['lon']}&lat={by_row['lat']}").json()
    assert (by_row["row"], by_row["col"]) == (9, 7)
    assert by_lon == by_row


def test_a_colour_scale_has_a_legend(client, job):
    legend = client.get(f"/jobs/{job.id}/legend/uncertainty").json()["scale"]
    assert (legend["from"], legend["unit"]) == (0, "reflectance")
    assert client.get(f"/jobs/{job.id}/legend/sr").json()["scale"] is None


@pytest.mark.parametrize(
    "question",
    [
        "pixel",
        "pixel?row=nan&col=1",
        "pixel?row=-1&col=1",
        "pictures/moon.webp",
        "pictures/sr.webp?size=9999",
        "pictures/sr.webp?gamma=0",
        "pictures/sr.webp?composite=x",
        "tiles/moon/sr/1/0/0.webp",
        "views/0.png",
    ],
)
def test_wrong_questions_are_refused(client, job, question):
    assert client.get(f"/jobs/{job.id}/{question}").status_code == 422


@pytest.mark.parametrize("name", ["scene.tif", "../x.tif", "sr1.tif", "views.json"])
def test_other_files_are_not_served(client, job, name):
    assert client.get(f"/jobs/{job.id}/files/{name}").status_code == 404


def test_a_job_without_a_result_has_no_pictures(client, jobs, write_tif):
    large = submit_image(jobs, write_tif(scene_dn(900, 900)), REQUEST)
    assert client.get(f"/jobs/{large.id}/pictures/sr.webp").status_code == 422
    client.delete(f"/jobs/{large.id}")
    assert jobs.wait(large, 60)
    assert client.get(f"/jobs/{large.id}").json()["state"] == "stopped"


def test_a_typed_area_can_be_downloaded_with_the_command_that_names_it(client, jobs, models, settings, tmp_path):
    product = Products(settings, jobs).receive(zip_safe(write_product(tmp_path, 120)))
    west, south, east, north = 15.001, 45.142, 15.006, 45.148
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = json.dumps({"type": "Polygon", "coordinates": [ring]})
    job = submit_product(jobs, product, area, make_request(models, (DEFAULT_MODEL,), 1, False))
    assert jobs.wait(job, 60) and job.state == DONE, job.message
    view = client.get(f"/jobs/{job.id}").json()["view"]
    assert "--aoi area.geojson" in view["command"]
    (offered,) = [file for file in view["files"] if file["as"] == "area.geojson"]
    assert client.get(f"/jobs/{job.id}/files/{offered['file']}").text == area


def test_programs_read_the_head_and_ranges_of_a_result(client, job):
    address = f"/jobs/{job.id}/files/sr0.tif"
    head, whole = client.head(address), client.get(address)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.content))
    assert head.headers["accept-ranges"] == "bytes"
    part = client.get(address, headers={"Range": "bytes=8-15"})
    assert (part.status_code, part.content) == (206, whole.content[8:16])
    for picture in ("pictures/sr.webp?size=100", "tiles/pixels/sr/20/524288/524288.webp"):
        assert client.head(f"/jobs/{job.id}/{picture}").status_code == 200
    assert client.head(f"/jobs/{job.id}/files/other.tif").status_code == 404
