"""A geocoder on loopback."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

ERICE = {"display_name": "Erice, Trapani, Sicilia, Italia", "lat": "38.0372", "lon": "12.5865"}


class Geocoder(ThreadingHTTPServer):
    """A geocoder that answers as `status`, `body` and `headers` say, and remembers what it was asked."""

    def __init__(self, hits: list[dict[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.body, self.headers = 200, json.dumps(hits).encode(), {}
        self.asked: list[tuple[dict[str, list[str]], str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/search"
        Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        server.asked.append((parse_qs(urlsplit(self.path).query), self.headers["User-Agent"]))
        self.send_response(server.status)
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *_) -> None:
        pass
