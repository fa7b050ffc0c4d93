import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.places.routes import arcs_of, make_place_routes
from app.server import answer_errors


@pytest.fixture
def client(places) -> TestClient:
    server = FastAPI()
    answer_errors(server)
    server.include_router(make_place_routes(places))
    return TestClient(server)


def test_pictures_of_a_search_are_served_and_no_others(client, places, area, title):
    found = places.search(area, "2024-07/2024-07", title)
    assert client.get(f"/places/{found.id}/0.webp").headers["content-type"] == "image/webp"
    assert client.get(f"/places/{found.id}/9.webp").status_code == 404
    assert client.get("/places/guessed/0.webp").status_code == 404


def test_the_outlines_of_the_continents_are_on_the_earth(client):
    pytest.importorskip("bqplot")
    lines = json.loads(client.get("/places/world.json").text)["coordinates"]
    assert len(lines) > 100
    assert all(-180 <= lon <= 180.1 and -90 <= lat <= 90 for line in lines for lon, lat in line)


def test_arcs_are_sums_of_steps():
    topology = {"transform": {"scale": [0.5, 1], "translate": [-10, 20]}, "arcs": [[[2, 1], [2, -3]]]}
    assert arcs_of(topology) == [[(-9, 21), (-8, 18)]]
