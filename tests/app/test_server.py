"""The server's answers to errors."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from rasterio.errors import RasterioIOError

from app.errors import Gone
from app.server import answer_errors, answer_unknown_functions
from rs_srgan import InputError


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (InputError("/tmp/x/a.tif is empty."), 422, "a.tif is empty."),
        (Gone("It has been removed."), 404, "It has been removed."),
        (FileNotFoundError("/tmp/x/a.tif"), 404, "removed"),
        (RasterioIOError("/tmp/x/lr.tif: No such file or directory"), 404, "removed"),
    ],
)
def test_the_class_of_an_error_sets_the_status(error, status, text):
    server = FastAPI()
    answer_errors(server)

    @server.get("/")
    def fail() -> None:
        raise error

    answer = TestClient(server).get("/")
    assert answer.status_code == status
    assert text in answer.json()["detail"]
    assert "/tmp" not in answer.text


def test_an_image_that_cannot_be_read_is_an_error_of_the_server():
    server = FastAPI()
    answer_errors(server)

    @server.get("/")
    def fail() -> None:
        raise RasterioIOError("/tmp/x/lr.tif: not recognized as being in a supported file format.")

    with pytest.raises(RasterioIOError):
        TestClient(server).get("/")


def test_an_unknown_function_of_the_page_is_refused_and_other_errors_stay():
    page = FastAPI()
    answer_unknown_functions(page)

    @page.post("/queue/join")
    @page.post("/other")
    def look_up() -> None:
        raise KeyError(-1)

    client = TestClient(page)
    assert client.post("/queue/join").status_code == 404
    with pytest.raises(KeyError):
        client.post("/other")
