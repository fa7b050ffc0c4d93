"""Requests whose headers do not end."""

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

from app import protocol

LIMIT = 0.6
PAUSE = threading.Event()  # is never set


@contextmanager
def served():
    server = FastAPI()

    @server.post("/")
    async def take(request: Request) -> int:
        return len(await request.body())

    running = uvicorn.Server(uvicorn.Config(server, port=0, http=protocol.Protocol, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        continue
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join()


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    monkeypatch.setattr(protocol, "HEADER_SECONDS", LIMIT)


def seconds_until_closed(port: int, first: bytes, more: bytes = b"") -> float:
    """Send the first bytes, and then one of the others every tenth of a second; return when the server hangs up."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(first)
        line.settimeout(0.1)
        for number in range(100):
            try:
                if not line.recv(1000):
                    break
            except TimeoutError:
                line.sendall(more[number : number + 1])
            except ConnectionError:
                break
        return time.monotonic() - began


def test_headers_that_do_not_end_are_not_waited_for():
    with served() as port:
        for first in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "):
            assert LIMIT - 0.05 <= seconds_until_closed(port, first, b"x" * 100) < 5 * LIMIT
        assert httpx.post(f"http://127.0.0.1:{port}/", content=b"abc").json() == 3


def test_a_slow_body_is_waited_for():
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n\r\n"
    with served() as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(head)
        for _ in range(12):
            PAUSE.wait(LIMIT / 6)
            line.sendall(b"x")
        assert b"200 OK" in line.recv(1000)


def test_many_requests_on_one_connection():
    with served() as port, httpx.Client() as client:
        for size in (0, 1, 3_000_000):
            assert client.post(f"http://127.0.0.1:{port}/", content=b"x" * size).json() == size
            PAUSE.wait(1.5 * LIMIT)
