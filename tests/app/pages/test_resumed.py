"""Uploads in parts, as a page sends them."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from app.pages import resumed
from app.pages.resumed import MOST_OPEN, Uploads
from rs_srgan import InputError
from tests.app.pages.test_upload_field import call
from tests.conftest import scene_dn


def begin(server, name: str, size: int) -> httpx.Response:
    return httpx.post(f"{server.address}/uploads", params={"name": name, "size": size})


def send(server, key: str, offset: int, body: bytes) -> httpx.Response:
    return httpx.patch(f"{server.address}/uploads/{key}", params={"offset": offset}, content=body)


def test_a_file_in_parts_is_the_file_and_programs_can_name_it(server, write_tif):
    body = Path(write_tif(scene_dn(60, 60), "x.tif")).read_bytes()
    key = begin(server, "../../my scene.tif", len(body)).json()["id"]
    half = len(body) // 2
    assert send(server, key, 0, body[:half]).json()["received"] == half
    assert send(server, key, 0, body[:half]).json()["received"] == half  # the answer to the first one was lost
    told = send(server, key, half, body[half:]).json()
    path = Path(told["path"])
    assert path.name == "my scene.tif" and path.read_bytes() == body
    assert server.folder in path.parents
    os.utime(path, (0, 0))
    assert httpx.get(f"{server.address}/uploads/{key}").json()["path"] == told["path"]
    assert path.stat().st_mtime > 0  # it is kept for as long as a new one
    assert "60 x 60 px became 240 x 240 px" in call(server, told["path"])


def test_what_came_before_a_broken_connection_is_kept(server):
    key = begin(server, "x.tif", 1000).json()["id"]
    host, port = urlsplit(server.address).hostname, urlsplit(server.address).port
    with socket.create_connection((host, port)) as line:
        head = f"PATCH /uploads/{key}?offset=0 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\n"
        line.sendall(head.encode() + b"x" * 600)  # and then nothing
        line.shutdown(socket.SHUT_WR)
        line.recv(100)
    with httpx.Client(transport=httpx.HTTPTransport(retries=3)) as client:
        while client.get(f"{server.address}/uploads/{key}").json()["received"] < 600:
            continue
    assert send(server, key, 600, b"y" * 400).json()["path"]


@pytest.mark.parametrize(
    ("name", "size", "word"), [("x.tif", 0, "MB"), ("x.tif", 10**13, "MB"), ("x.tif", -1, "MB"), ("..", 5, "name")]
)
def test_a_file_that_cannot_be_is_refused_before_it_is_sent(server, name, size, word):
    answer = begin(server, name, size)
    assert answer.status_code == 422 and word in answer.json()["detail"]


def test_more_than_was_stated_and_unknown_uploads_are_refused(server):
    key = begin(server, "x.tif", 10).json()["id"]
    assert send(server, key, 0, b"x" * 11).status_code == 422
    assert send(server, key, 0, b"x" * 17_000_000).status_code == 413
    assert httpx.get(f"{server.address}/uploads/{key}").json()["received"] == 0
    assert send(server, "guessed", 0, b"x").status_code == 404
    other = {"Sec-Fetch-Site": "cross-site"}
    assert httpx.post(f"{server.address}/uploads?name=x&size=5", headers=other).status_code == 403


def test_old_and_many_uploads(jobs, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    uploads = Uploads(jobs)
    first = uploads.begin("x.tif", 5)
    for _ in range(MOST_OPEN - 1):
        uploads.begin("x.tif", 5)
    with pytest.raises(InputError, match="finished"):
        uploads.begin("x.tif", 5)
    uploads.clear(keep=3600)
    assert uploads.get(first.id) is first
    monkeypatch.setattr(resumed, "YOUNG_SECONDS", 0)
    first.file.write_bytes(b"1234")
    assert uploads.begin("x.tif", 5).received == 0  # in the place of one of which nothing has arrived
    assert uploads.get(first.id) is first
    uploads.clear(keep=0)
    assert list(tmp_path.iterdir()) == []
    # in another thread: a browser's driver may have the loop of this one
    with start_blocking_portal() as portal, pytest.raises(InputError, match="longer"):
        portal.call(uploads.take, first.id, 0, None)
    jobs.also_clear.remove(uploads.clear)
