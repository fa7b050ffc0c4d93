"""`TileServer`: serves the tiles of images to browsers on this machine."""

import logging
import re
import secrets
import threading
from collections.abc import Mapping
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rs_srgan.errors import InputError
from rs_srgan.maps.image import MapImage
from rs_srgan.maps.web_tiles import LARGEST_ZOOM
from rs_srgan.maps.webp import webp
from rs_srgan.pixels.radiometry import Stretch

logger = logging.getLogger(__name__)

_PATH = re.compile(r"/([\w-]+)/(\w+)/(\d{1,2})/(\d{1,8})/(\d{1,8})\.webp")
# Seconds in which a browser must have sent its request.
_TIMEOUT_S = 10
_CACHED_TILES = 512


class TileServer:
    """A server on loopback, on a free port. Its addresses hold a random word, so that other users cannot guess them.

    Args:
        images: images by their names, which appear in the addresses.
        stretch: display stretch of all of them.
    """

    def __init__(self, images: Mapping[str, MapImage], stretch: Stretch) -> None:
        self._images, self._stretch, self._word = images, stretch, secrets.token_urlsafe(16)
        self.tile = lru_cache(_CACHED_TILES)(self._tile)
        handler = type("_BoundHandler", (_Handler,), {"tiles": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True).start()

    def address(self, name: str) -> str:
        """Return the address of an image's tiles, with {z}, {x} and {y}."""
        return f"http://127.0.0.1:{self._server.server_port}/{self._word}/{name}/{{z}}/{{x}}/{{y}}.webp"

    def answer(self, path: str) -> bytes | None:
        """Return what a browser asks for; None if it is not there, and b"" if the tile is empty."""
        found = _PATH.fullmatch(path)
        if found is None or not secrets.compare_digest(found[1], self._word) or found[2] not in self._images:
            return None
        z, x, y = (int(value) for value in found.groups()[2:])
        if not (z <= LARGEST_ZOOM and x < 1 << z and y < 1 << z):
            return None
        return self.tile(found[2], z, x, y)

    def _tile(self, name: str, z: int, x: int, y: int) -> bytes:
        picture = self._images[name].tile(z, x, y, self._stretch)
        return b"" if picture is None else webp(picture)

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    tiles: TileServer
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT_S

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Send a tile."""
        try:
            data = self.tiles.answer(self.path)
        except InputError as error:
            logger.warning("A tile cannot be drawn: %s", error)
            data = None
        self.send_response(404 if data is None else 200 if data else 204)
        self.send_header("Access-Control-Allow-Origin", "*")  # a notebook is another site
        self.send_header("Content-Type", "image/webp")
        if data != b"":
            self.send_header("Content-Length", str(len(data or b"")))
        self.send_header("Cache-Control", "private, max-age=3600")
        self.end_headers()
        if data:
            self.wfile.write(data)
