"""The guard in front of the server, and its answers to errors."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.errors import Gone
from app.server import Guard, answer_errors
from rs_srgan import InputError


def guarded(auth=None) -> TestClient:
    inner = FastAPI()
    inner.get("/health")(lambda: {"status": "ok"})
    inner.get("/jobs/x")(lambda: {"secret": 1})
    return TestClient(Guard(inner, auth, "default-src 'self'"))


def test_visitors_without_the_password_are_refused():
    client = guarded(("me", "pass:wörd"))
    assert client.get("/jobs/x").status_code == 401
    assert client.get("/jobs/x", headers={"Authorization": "Basic xx"}).status_code == 401
    assert client.get("/jobs/x", auth=("me", "wrong")).status_code == 401
    assert client.get("/health").status_code == 200
    token = "bWU6cGFzczp3w7ZyZA=="  # base64 of me:pass:wörd in UTF-8
    assert client.get("/jobs/x", headers={"Authorization": f"Basic {token}"}).json() == {"secret": 1}


def test_all_answers_have_security_headers():
    headers = guarded().get("/jobs/x").headers
    assert headers["content-security-policy"] == "default-src 'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (InputError("/tmp/x/a.tif is empty."), 422, "a.tif is empty."),
        (Gone("It has been removed."), 404, "It has been removed."),
        (FileNotFoundError("/tmp/x/a.tif"), 404, "removed"),
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
