"""A STAC API of our own over HTTP on loopback, with images that clients read by ranges."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import shapely
from shapely.geometry import shape

CONFORMANCE = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
]


@dataclass
class StacLookalike:
    """The server, its items, its images, and the faults that tests switch on.

    Attributes:
        images: folder of the images.
        items: the items, as JSON.
        page: items on a page.
        methods: methods by which it can be searched.
        faults: what goes wrong, by the beginning of a path: a status, "html", "truncated", or "silent"; `times` counts
            down how often, by the same beginning; always without an entry.
        delay_s: seconds added to each answer.
        redirect: address of another server to which images are redirected; empty for none.
        redirect_after: images that are answered before.
        requests: number of requests by method and path.
        sent: bytes of images that were sent, by path.
    """

    images: Path
    items: list[dict[str, Any]] = field(default_factory=list)
    page: int = 10
    methods: tuple[str, ...] = ("POST", "GET")
    faults: dict[str, int | str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    delay_s: float = 0.0
    redirect: str = ""
    redirect_after: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.lock, self.stopping = threading.Lock(), threading.Event()
        lookalike = self

        class Handler(_Handler):
            stac = lookalike

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def fault_of(self, path: str) -> int | str | None:
        with self.lock:
            for beginning, fault in self.faults.items():
                if path.startswith(beginning):
                    left = self.times.get(beginning, 1)
                    if beginning in self.times:
                        self.times[beginning] = left - 1
                    return fault if left > 0 else None
        return None

    def search(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        first, _, last = wanted.get("datetime", "../..").partition("/")
        found: list[dict[str, Any]] = []
        near: dict[int, bool] = {}
        for item in self.items:
            taken = datetime.fromisoformat(item["properties"]["datetime"])
            if wanted.get("collections") and item["collection"] not in wanted["collections"]:
                continue
            if not datetime.fromisoformat(first) <= taken <= datetime.fromisoformat(last):
                continue
            if "intersects" in wanted:
                place = id(item["geometry"])  # many items share theirs
                if place not in near:
                    near[place] = bool(shapely.intersects(shape(wanted["intersects"]), shape(item["geometry"])))
                if not near[place]:
                    continue
            found.append(item)
        return found


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Print nothing when a client has given up."""


class _Handler(BaseHTTPRequestHandler):
    stac: StacLookalike
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._answer(posted=json.loads(self.rfile.read(length) or b"{}"))

    def _answer(self, body: bool = True, posted: dict[str, Any] | None = None) -> None:
        stac, parts = self.stac, urlsplit(self.path)
        with stac.lock:
            stac.requests[f"{self.command} {parts.path}"] += 1
        stac.stopping.wait(stac.delay_s)
        fault = stac.fault_of(parts.path)
        if isinstance(fault, int):
            return self._send(fault, b'{"code": "Fault", "description": "switched on"}', body=body)
        if fault == "html":
            return self._send(200, b"<html><body>Please log in</body></html>", "text/html", body)
        if fault == "silent":
            stac.stopping.wait(30)
            return self._cut(b"")
        if parts.path.startswith("/images/"):
            if stac.redirect and len(stac.sent) >= stac.redirect_after:
                return self._send(302, b"", body=body, location=f"{stac.redirect}{parts.path}")
            return self._send_image(stac.images / parts.path.removeprefix("/images/"), parts.path, body, fault)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        content = self._stac(parts.path, query, posted)
        if content is None:
            return self._send(404, b'{"code": "NotFound", "description": "nothing here"}', body=body)
        data = json.dumps(content).encode()
        if fault == "truncated":
            return self._cut(data[: len(data) // 2], len(data))
        return self._send(200, data, body=body)

    def _stac(self, path: str, query: dict[str, str], posted: dict[str, Any] | None) -> dict[str, Any] | None:
        stac = self.stac
        if path in ("", "/"):
            links = [{"rel": "self", "href": stac.url}, {"rel": "root", "href": stac.url}]
            links += [
                {"rel": "search", "href": f"{stac.url}/search", "method": each, "type": "application/geo+json"}
                for each in stac.methods
            ]
            links.append({"rel": "data", "href": f"{stac.url}/collections"})
            return {
                "type": "Catalog",
                "id": "lookalike",
                "stac_version": "1.0.0",
                "description": "A catalogue for tests",
                "conformsTo": CONFORMANCE,
                "links": links,
            }
        if path == "/search" and self.command in stac.methods:
            wanted: dict[str, Any] = dict(posted) if posted is not None else dict(query)
            if posted is None:
                wanted["collections"] = [each for each in query.get("collections", "").split(",") if each]
                if "intersects" in query:
                    wanted["intersects"] = json.loads(query["intersects"])
            return self._page(wanted, query)
        for item in stac.items:
            if path == f"/collections/{item['collection']}/items/{item['id']}":
                return item
        return None

    def _page(self, wanted: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        stac, start = self.stac, int(wanted.get("token", 0))
        found = stac.search(wanted)
        page = found[start : start + stac.page]
        links: list[dict[str, Any]] = []
        if start + stac.page < len(found):
            after = {"token": start + stac.page}
            if self.command == "POST":
                links.append(
                    {
                        "rel": "next",
                        "method": "POST",
                        "href": f"{stac.url}/search",
                        "body": after,
                        "merge": True,
                        "type": "application/geo+json",
                    }
                )
            else:
                address = urlsplit(self.path)
                rest = "&".join(each for each in address.query.split("&") if not each.startswith("token="))
                links.append({"rel": "next", "href": f"{stac.url}/search?{rest}&token={start + stac.page}"})
        return {"type": "FeatureCollection", "features": page, "links": links}

    def _send_image(self, path: Path, name: str, body: bool, fault: object) -> None:
        if not path.is_file():
            return self._send(404, b"", body=body)
        size = path.stat().st_size
        ranges = self.headers.get("Range", "")
        if not ranges.startswith("bytes="):
            first, last, status = 0, size - 1, 200
        else:
            start, _, end = ranges.removeprefix("bytes=").partition("-")
            first, last, status = int(start), min(int(end or size - 1), size - 1), 206
        if first >= size:
            return self._send(416, b"", body=body)
        with path.open("rb") as file:
            file.seek(first)
            data = file.read(last - first + 1) if body else b""
        with self.stac.lock:
            self.stac.sent[name] += len(data)
        if fault == "truncated" and first > 0:
            return self._cut(data[: len(data) // 2], len(data), status)
        self.send_response(status)
        self.send_header("Content-Type", "image/tiff")
        self.send_header("Accept-Ranges", "bytes")
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self._write(data)

    def _send(
        self, status: int, data: bytes, kind: str = "application/json", body: bool = True, location: str = ""
    ) -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self._write(data)

    def _cut(self, data: bytes, length: int = 100, status: int = 200) -> None:
        """Announce more bytes than are sent, and close the connection."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self._write(data)
        self.close_connection = True

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):  # the client has given up
            self.close_connection = True
