"""A batch into a real object store, over connections that break.

Slow, and needs s3fs and moto, which no extra brings: pip install "moto[server,s3]" s3fs, then
python -m pytest -m slow tests/rs_srgan/end_to_end/test_object_store.py.
"""

import os
import random
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest

from rs_srgan import super_resolve, super_resolve_many
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import pixels

BUCKET = "s3://results/batch"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Proxy:
    """Passes connections on to a port; a share of them breaks after some bytes.

    Attributes:
        share: share of the connections that break, 0 to 1.
        broken: number of connections that broke.
    """

    def __init__(self, port: int) -> None:
        self.share, self.broken, self._port, self._chance = 0.0, 0, port, random.Random(0)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._server.accept()
            left = self._chance.randrange(20_000) if self._chance.random() < self.share else None
            store = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._pass, args=(client, store, left), daemon=True).start()
            threading.Thread(target=self._pass, args=(store, client, None), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, left: int | None) -> None:
        try:
            while data := source.recv(65_536):
                if left is not None and (left := left - len(data)) < 0:
                    self.broken += 1
                    break
                target.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, target):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


@pytest.fixture
def store(monkeypatch):
    """An object store with a bucket, and the proxy before it."""
    pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        proxy = Proxy(port)
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        while True:  # until the server answers
            assert server.poll() is None
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                continue
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("results")
        yield proxy
    finally:
        server.terminate()
        server.wait()


@pytest.mark.slow
def test_results_arrive_whole_although_connections_break(store, model, write_tif, tmp_path):
    pytest.importorskip("ray")
    import s3fs

    (tmp_path / "in").mkdir()
    for index in range(6):
        write_tif(scene_dn(300, 300 + 10 * index, seed=index), f"in/s{index}.tif")
    options = {"tile": 128, "compress": "none"}  # 12 MB and more: several parts
    store.share = 0.3
    report = super_resolve_many(tmp_path / "in", BUCKET, model, **options)
    store.share = 0
    if report.failures:  # what failed is done by the same call
        assert report.exit_code in (1, 3)
        report = super_resolve_many(tmp_path / "in", BUCKET, model, **options)
    assert not report.failures
    assert store.broken > 0
    fs = s3fs.S3FileSystem()
    fs.invalidate_cache()
    assert {os.path.basename(path) for path in fs.ls(BUCKET)} == {
        *(f"s{index}_sr.tif" for index in range(6)),
        *("manifest", "report.json", "report.md"),
    }
    for index in range(6):
        alone = super_resolve(tmp_path / "in" / f"s{index}.tif", tmp_path / f"{index}.tif", model, **options)
        fs.get_file(f"{BUCKET}/s{index}_sr.tif", tmp_path / "got.tif")
        np.testing.assert_array_equal(pixels(tmp_path / "got.tif"), pixels(alone))
    again = super_resolve_many(tmp_path / "in", BUCKET, model, **options)
    assert (again.done, again.earlier) == (0, 6)
