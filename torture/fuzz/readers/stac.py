"""STAC: answers of a catalogue with broken items, links, assets and JSON, over HTTP on loopback."""

import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

from rs_srgan.catalogues import search, stac_api
from torture.fuzz.odd import changed_tree, json_bytes
from torture.fuzz.reader import Wrong

_BOX = (15.00, 45.10, 15.02, 45.12)
_COLLECTION = "sentinel-2-l2a"
_ASSETS = {"B04": "red", "B03": "green", "B02": "blue", "B08": "nir", "SCL": "scl"}
_CONFORMANCE = [f"https://api.stacspec.org/v1.0.0/{name}" for name in ("core", "item-search", "ogcapi-features")]
# Where images may be said to be.
_PLACES = (
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:9/a.tif",
    "/vsicurl/x",
    "s3://b/k",
    "http://[::1",
    "",
    "a.tif",
)


class _Handler(BaseHTTPRequestHandler):
    """Answers each question with the content of two files: that of the catalogue, or that of the search."""

    answers: tuple[bytes, bytes] = (b"", b"")
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Answer with the catalogue; images do not exist."""
        path = self.path.partition("?")[0]
        self._send(type(self).answers[path.startswith("/search")] if path in ("/", "/search") else None)

    def do_HEAD(self) -> None:
        """Answer that images do not exist."""
        self._send(None)

    def do_POST(self) -> None:
        """Answer with the search."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._send(type(self).answers[1])

    def _send(self, data: bytes | None) -> None:
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")


class _Stac:
    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._url = f"http://127.0.0.1:{self._server.server_port}"
        self._catalogue = stac_api(self._url, _COLLECTION, _ASSETS)

    def write(self, random: Random, folder: Path) -> Path:
        """Write the answers with HERE for the server's address, whose port differs between runs."""
        catalogue, found = self._whole()
        change = random.random()
        if change < 0.2:
            catalogue = changed_tree(random, catalogue)
        elif change < 0.8:
            features = found["features"]
            features[:] = [changed_tree(random, each) for each in features]
            if random.random() < 0.3 and isinstance(features[0], dict) and isinstance(features[0].get("assets"), dict):
                features[0]["assets"]["scl"] = {"href": random.choice(_PLACES)}
        else:
            found = changed_tree(random, found)
        plain = change >= 0.2 and random.random() < 0.7
        (folder / "catalogue.json").write_bytes(
            json.dumps(catalogue).encode() if plain else json_bytes(random, catalogue)
        )
        (folder / "search.json").write_bytes(json_bytes(random, found))
        return folder

    def read(self, path: Path) -> None:
        """Search for scenes.

        Raises:
            InputError: the answers are refused, or have no scene.
            Wrong: an image would be read from elsewhere.
        """
        here = self._url.encode()
        _Handler.answers = tuple(
            (path / name).read_bytes().replace(b"HERE", here) for name in ("catalogue.json", "search.json")
        )  # type: ignore[assignment]  # two of them
        for scene in search(_BOX, "2024-07", self._catalogue, timeout_s=3):
            str(scene)
            for part in scene.parts:
                if wrong := [each.address for each in part.images.values() if not each.address.startswith(self._url)]:
                    raise Wrong(f"an image would be read from {wrong[0]:.80}")

    @staticmethod
    def _whole() -> tuple[dict[str, Any], dict[str, Any]]:
        links = [{"rel": name, "href": "HERE"} for name in ("self", "root")]
        links.append({"rel": "search", "href": "HERE/search", "method": "POST", "type": "application/geo+json"})
        catalogue = {
            "type": "Catalog",
            "id": "fuzz",
            "stac_version": "1.0.0",
            "description": "for tests",
            "links": links,
        }
        west, south, east, north = 14.9, 45.0, 15.1, 45.2
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        assets = {
            name: {"href": f"HERE/{name}.tif", "raster:bands": [{"scale": 1e-4, "offset": -0.1}]}
            for band, name in _ASSETS.items()
            if band != "SCL"  # whose pixels would be asked for; they do not exist
        }
        item = {
            "type": "Feature",
            "stac_version": "1.0.0",
            "stac_extensions": [],
            "id": "S2B_T33TWL_20240714T100031_L2A",
            "collection": _COLLECTION,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "bbox": [west, south, east, north],
            "properties": {
                "datetime": "2024-07-14T10:00:31Z",
                "platform": "sentinel-2b",
                "grid:code": "MGRS-33TWL",
                "s2:processing_baseline": "05.10",
                "eo:cloud_cover": 5.0,
            },
            "assets": assets,
            "links": [{"rel": "self", "href": "HERE/item"}],
        }
        other = copy.deepcopy(item) | {"id": "S2A_T33TWL_20240709T100031_L2A"}
        found = {"type": "FeatureCollection", "features": [item, other], "links": []}
        return catalogue | {"conformsTo": _CONFORMANCE}, found


def make_reader(workspace: Path) -> _Stac:
    """Return the reader, with its server."""
    return _Stac()
