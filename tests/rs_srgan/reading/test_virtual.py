from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from rasterio.io import MemoryFile

from rs_srgan import InputError
from rs_srgan.reading.virtual import VirtualFile, open_virtual, virtual_file
from tests.conftest import scene_dn


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/vsimem/a.tif", "/vsimem/a.tif"),
        ("https://a.b/c.tif?x=1", "/vsicurl/https://a.b/c.tif?x=1"),
        ("s3://bucket/a.tif", "/vsis3/bucket/a.tif"),
        ("scene.tif", None),
        ("file:///etc/passwd", None),
        ("C:/a.tif", None),
        ("zip://a.zip", None),
        ("zip://f/a.zip!/b/c.tif", "/vsizip/f/a.zip/b/c.tif"),
    ],
)
def test_addresses_and_paths_are_told_apart(name, expected):
    assert virtual_file(name) == expected


def test_a_file_in_memory_is_opened_and_another_format_is_refused(write_tif):
    with MemoryFile(write_tif(scene_dn(8, 8)).read_bytes()) as memory, open_virtual(VirtualFile(memory.name)) as opened:
        assert opened.shape == (8, 8)
    with MemoryFile(b"<VRTDataset/>", ext=".vrt") as memory, pytest.raises(InputError, match="GeoTIFF"):
        open_virtual(VirtualFile(memory.name))


@pytest.mark.parametrize("body", [b"<html>hush</html>", b'{"error": "hush"}'])
def test_a_message_has_neither_signatures_nor_what_a_server_answered(body, monkeypatch):
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        for name, value in (("S3_ENDPOINT", host), ("HTTPS", "NO"), ("VIRTUAL_HOSTING", "FALSE")):
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
        for address in (f"http://{host}/a.tif?X-Amz-Signature=hush", "s3://bucket/a.tif"):
            with pytest.raises(InputError, match="opened") as refused:
                open_virtual(virtual_file(address))
            assert "hush" not in str(refused.value)
        server.shutdown()
