"""Attacks are made on a real server in tests/app/end_to_end/test_load.py; here one that gives everything away."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Thread

import pytest

from torture.app_server import Target
from torture.errands import CANARY
from torture.intruders import Intruder
from torture.visitors import Visitor


class Careless(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{CANARY}.tif process_completed".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_PUT = do_PATCH = do_TRACE = do_OPTIONS = do_BREW = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def intruder(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    target = Target(f"http://127.0.0.1:{server.server_port}", tmp_path, "sample")
    visitor = Visitor(target.address, 1, tmp_path, Random(0))
    yield Intruder(visitor, target, Random(0))
    visitor.close()
    server.shutdown()
    server.server_close()


def test_an_answer_that_gives_something_away_is_noticed(intruder):
    asked = (
        intruder.guess_jobs,
        intruder.read_files,
        intruder.listen_to_others,
        intruder.cancel_others,
        intruder.send_bodies,
        intruder.ask_for_strange_pictures,
        intruder.use_other_routes,
        intruder.pretend_another_host,
    )
    assert [attack.__name__ for attack in asked if not attack()] == []


def test_an_attack_is_named_with_what_it_found(intruder):
    intruder.attacks = (intruder.guess_jobs,)
    assert intruder.attack().startswith("guess_jobs: ")
