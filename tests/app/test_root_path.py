import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from app.root_path import RootPath


@pytest.mark.parametrize(
    ("root", "asked", "seen"),
    [
        ("/sr", "/sr/jobs/x", "/jobs/x"),
        ("/sr", "/sr/", "/"),
        ("/sr", "/sr", "/"),
        ("/sr", "/jobs/x", "/jobs/x"),  # the proxy took it off
        ("/sr", "/sroads/x", "/sroads/x"),
        ("/a/b", "/a/b/c", "/c"),
        ("", "/sr/x", "/sr/x"),
    ],
)
def test_the_root_path_is_taken_off(root, asked, seen):
    inner = FastAPI()

    @inner.get("/{path:path}")
    def tell(request: Request) -> str:
        return request.url.path

    assert TestClient(RootPath(inner, root)).get(asked).json() == seen
