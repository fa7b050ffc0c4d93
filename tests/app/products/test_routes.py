import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.products.routes import make_product_routes
from app.server import answer_errors


@pytest.fixture
def client(products) -> TestClient:
    server = FastAPI()
    answer_errors(server)
    server.include_router(make_product_routes(products))
    return TestClient(server)


@pytest.fixture
def address(products, small) -> str:
    return f"/products/{products.receive(small).id}"


def test_the_quicklook_is_a_picture(client, address):
    answer = client.get(f"{address}/quicklook.webp")
    assert answer.headers["content-type"] == "image/webp"
    assert answer.content.startswith(b"RIFF")


def test_an_area_and_its_outline_fit(client, address):
    shares = {"left": 0.25, "top": 0.25, "right": 0.75, "bottom": 0.75}
    west, south, east, north = client.get(f"{address}/area", params=shares).json()["bbox"]
    place = {"west": west, "south": south, "east": east, "north": north}
    outline = client.get(f"{address}/outline", params=place).json()["shares"]
    assert outline == pytest.approx([0.25, 0.25, 0.75, 0.75], abs=0.03)


@pytest.mark.parametrize(
    "question", ["area?left=nan&top=0&right=1&bottom=1", "outline?west=0&south=0&east=1&north=1", "area?left=0"]
)
def test_wrong_questions_are_refused(client, address, question):
    assert client.get(f"{address}/{question}").status_code == 422


@pytest.mark.parametrize("question", ["quicklook.webp", "area?left=0&top=0&right=1&bottom=1"])
def test_an_unknown_product_is_gone(client, question):
    assert client.get(f"/products/x/{question}").status_code == 404
