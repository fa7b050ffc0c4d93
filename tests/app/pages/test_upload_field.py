"""Requests that name a file or an address instead of an upload, as no page sends them."""

import shutil
from pathlib import Path

import httpx
import pytest

from tests.conftest import scene_dn


def call(server, path: str) -> str:
    """Return the answer to a request that names a file itself."""
    image = {"path": path, "meta": {"_type": "gradio.FileData"}}
    data = [image, "sisr-x4-rgbn", 1, "", "", "", "", False]
    event = httpx.post(f"{server.address}/gradio_api/call/super_resolve", json={"data": data}).json()["event_id"]
    return httpx.get(f"{server.address}/gradio_api/call/super_resolve/{event}", timeout=60).text


def upload(server, path) -> str:
    """Upload a file; return its path on the server."""
    with open(path, "rb") as file:
        return httpx.post(f"{server.address}/gradio_api/upload", files={"files": file}).json()[0]


def test_a_file_of_the_server_cannot_be_named(server, write_tif):
    """The file may be another visitor's or the server's."""
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
        assert "Addresses are not accepted" in answer
        assert "event: complete" not in answer


def test_the_address_of_an_upload_is_accepted(server, write_tif):
    """Tools of language models can name addresses only."""
    sent = upload(server, write_tif(scene_dn(16, 16)))
    assert "event: complete" in call(server, f"{server.address}/gradio_api/file={sent}")
