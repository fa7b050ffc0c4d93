"""Secrets where they may not be.

Commands are run with tokens, keys, passwords and signatures, and all that they say and write is searched for them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import rasterio
from affine import Affine

from torture.deadline import NEVER, Deadline
from torture.marks import leaks_in, secret
from torture.server_leaks import SERVER, leaks_of_server

_SECONDS = 120
_BANDS = ("B04", "B03", "B02", "B08")
_STOPPED = """
import sys
from rs_srgan import super_resolve
def stop(state):
    raise KeyboardInterrupt
try:
    super_resolve(sys.argv[1], sys.argv[2], "sisr-x2-rgbn", tile=64, progress=stop)
except KeyboardInterrupt:
    print("stopped")
"""
_RECORDED = """
import sys
from rs_srgan.batch.manifest import Manifest, Record, request_of
from rs_srgan.batch.output import OutputFolder
from rs_srgan.batch.result import BatchReport, Failure
from rs_srgan.batch.rows import read_rows
from rs_srgan.inference.options import PredictOptions
source, folder = sys.argv[1:]
(row,) = read_rows([source])
output = OutputFolder(folder)
output.prepare()
manifest = Manifest(output)
manifest.plan(row.outputs)
manifest.record(Record(row.output, request_of(row, PredictOptions(), "m", "f"), [[0, 0]], [], 1, 1.0))
manifest.flush()
report = BatchReport(1, failures=[Failure(row.output, row.sources[0], f"{source} does not answer", 1)])
output.write_text("report.json", report.json())
output.write_text("report.md", report.markdown())
print(report.summary(), row.output)
"""


@dataclass(frozen=True)
class Way:
    """A command that gets secrets.

    Attributes:
        name: what it does, for people.
        arguments: arguments of Python.
    """

    name: str
    arguments: tuple[str, ...]


def environment() -> dict[str, str]:
    """Return this process's environment with a token of the Hub, keys of S3, and a password of the app."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "HF_TOKEN": f"hf_{secret()}",
        "AWS_ACCESS_KEY_ID": secret(),
        "AWS_SECRET_ACCESS_KEY": secret(),
        "AWS_SESSION_TOKEN": secret(),
        "RS_SRGAN_AUTH": f"me:{secret()}",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def ways(folder: Path, port: int) -> list[Way]:
    """Return the commands.

    Args:
        folder: a folder for what they write; with scene.tif, an image with the model's bands.
        port: port of an `echo_server`.
    """

    def address(path: str, query: str = "X-Amz-Credential={0}&X-Amz-Signature={0}&sig={0}") -> str:
        return f"http://me:{secret()}@127.0.0.1:{port}/{path}?{query.format(secret())}"

    def command(name: str, *words: str) -> Way:
        return Way(name, ("-m", "rs_srgan", *words))

    out = str(folder / "out.tif")
    place = ("--bbox", "3", "0", "3.01", "0.01", "--dates", "2024-07", "--collection", "c")
    header = f"/vsicurl?header.Authorization=Bearer%20{secret()}&url=http://127.0.0.1:{port}/404/a.tif"
    catalogue = f"stac:{address('stac').partition('?')[0]}"
    queried = f"stac:http://127.0.0.1:{port}/stac?token={secret()}"
    item = f"http://127.0.0.1:{port}/stac/collections/c/items/i?token={secret()}"
    return [
        command("an image that is refused", "predict", address("403/a.tif"), "-o", out),
        command("an image that does not exist", "inspect", address("404/a.tif")),
        command("a page instead of an image", "inspect", address("page/a.tif")),
        command("an image elsewhere", "predict", address("redirect/a.tif"), "-o", out),
        command("a header for GDAL", "inspect", header),
        command("an image that is read", "predict", address("scene.tif"), "-o", out, "--model", "sisr-x2-rgbn"),
        command("an address of no known kind", "predict", f"ftp://me:{secret()}@127.0.0.1/a.tif", "-o", out),
        command("an unknown option", "predict", address("404/a.tif"), "--outptu", out),
        command("a key of S3", "inspect", "s3://bucket/a.tif"),
        command("a catalogue with a password", "scenes", catalogue, *place),
        command("a catalogue with a token", "scenes", queried, *place),
        command("an item with a token", "predict", item, *place[:5], "-o", out),
        command("a base map with a key", "map", str(folder / "scene.tif"), "--base-map", address("{z}/{x}.png")),
        command("a model of the Hub", "predict", str(folder / "scene.tif"), "-o", out, "--model", "organisation/model"),
        command("a push to the Hub", "push", "sisr-x2-rgbn", "organisation/model"),
        Way("a stopped run and its note", ("-c", _STOPPED, address("scene.tif"), str(folder / "stopped.tif"))),
        Way("the manifest and the reports of a batch", ("-c", _RECORDED, address("404/a.tif"), str(folder / "batch"))),
        Way("a wrong catalogue of the app", ("-m", "app", "--catalogue", f"https://me:{secret()}@host/stac@c")),
    ]


def run_way(way: Way, environment: Mapping[str, str], port: int) -> str:
    """Run a command, and return all that it said."""
    away = {
        "HF_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_S3_ENDPOINT": f"127.0.0.1:{port}",
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
    }
    done = subprocess.run(
        [sys.executable, *way.arguments],
        env={**environment, **away},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_SECONDS,
        check=False,
    )
    return done.stdout.decode(errors="replace")


def write_scene(folder: Path) -> Path:
    """Write scene.tif, an image of 96 x 96 pixels with the bands of the models, and return its path."""
    path = folder / "scene.tif"
    place = {"crs": "EPSG:32631", "transform": Affine(10, 0, 500_000, 0, -10, 3000)}
    size = {"count": len(_BANDS), "height": 96, "width": 96, "dtype": "uint16"}
    with rasterio.open(path, "w", driver="GTiff", **size, **place) as dataset:
        dataset.write(np.random.default_rng(0).integers(500, 3000, (len(_BANDS), 96, 96)).astype(np.uint16))
        dataset.descriptions = _BANDS
    return path


@contextmanager
def echo_server(scene: Path) -> Iterator[int]:
    """Serve on the loopback address within a `with` block, and give the port.

    Its answers repeat the headers and the address of the request, as careless servers do.

    Args:
        scene: the file that /scene.tif is.
    """

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            content = scene.read_bytes()
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            if self.path.startswith("/scene.tif"):
                self._send_range(content)
                return
            status = {"/404": 404, "/page": 200, "/redirect": 302, "/stac": 500, "/bucket": 403}
            code = next((each for start, each in status.items() if self.path.startswith(start)), 403)
            echo = json.dumps({"error": f"{self.path} {dict(self.headers)}"}).encode()
            self.send_response(code, f"No to {self.headers.get('Authorization', 'nobody')}")
            if code == 302:
                self.send_header("Location", f"http://127.0.0.1:1{self.path}")
            self.send_header("X-Error-Message", f"No {self.headers.get('Authorization')}")
            self._end(echo)

        do_GET = do_HEAD = do_POST = do_PUT = answer  # names of the base class

        def _send_range(self, content: bytes) -> None:
            asked = self.headers.get("Range", "").removeprefix("bytes=")
            first, _, last = asked.partition("-")
            start, end = int(first or 0), min(int(last or len(content)), len(content) - 1)
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{end}/{len(content)}")
            self.send_header("Accept-Ranges", "bytes")
            self._end(content[start : end + 1])

        def _end(self, body: bytes) -> None:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def count_ways() -> int:
    """Return the number of commands, the app as a server included."""
    return len(ways(Path(), 0)) + 1


def search_leaks(folder: Path, chosen: Sequence[str] = (), until: Deadline = NEVER) -> dict[str, list[str]]:
    """Run the commands, and return where secrets were found, by the name of the command.

    Args:
        folder: an empty folder.
        chosen: names of the commands to run; none for all.
        until: after it no command is started.
    """
    scene, found, secrets_of = write_scene(folder), {}, environment()
    with echo_server(scene) as port:
        for way in ways(folder, port):
            if (not chosen or way.name in chosen) and not until.has_passed:
                said = run_way(way, secrets_of, port)
                found[way.name] = leaks_in(said, folder) or ([] if said.strip() else ["it said nothing"])
    if (not chosen or SERVER in chosen) and not until.has_passed:
        own = folder / "server"
        own.mkdir()
        found[SERVER] = leaks_of_server(own)
    return found
