"""Dawdlers at the app: connections that read or send a byte a second, or stop in the middle."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

_BYTE_SECONDS = 1.0
_UPLOAD_BYTES = 1_000_000
# The smallest buffer that Linux gives: the server has to wait for the reader.
_BUFFER_BYTES = 2048


@contextmanager
def dawdling(port: int, sample: str, each: int) -> Iterator[None]:
    """Keep slow connections to a server of this machine open within a `with` block.

    Args:
        port: port of the server.
        sample: id of a job that is done, whose result is read slowly.
        each: number of slow readers, of slow uploads, of half-open uploads, and of unfinished requests.
    """
    stop = Event()
    kinds: tuple[Callable[[socket.socket, Event], None], ...] = (_send_slowly, _wait, _wait)
    host = f"Host: 127.0.0.1:{port}\r\n"
    result = f"GET /jobs/{sample}/files/sr0.tif HTTP/1.1\r\n{host}\r\n"
    upload = (
        f"POST /gradio_api/upload HTTP/1.1\r\n{host}Content-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {_UPLOAD_BYTES}\r\n\r\n--b\r\n"
        'Content-Disposition: form-data; name="files"; filename="slow.tif"\r\n\r\nII*\0'
    )
    unfinished = f"GET / HTTP/1.1\r\n{host}X-Slow: "
    begun = [(result, _read_slowly), *zip((upload, upload, unfinished), kinds, strict=True)]
    threads = [Thread(target=_dawdle, args=(port, *one, stop), daemon=True) for one in begun for _ in range(each)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _dawdle(port: int, begin: str, go_on: Callable[[socket.socket, Event], None], stop: Event) -> None:
    with socket.socket() as connection, suppress(OSError):  # the server may hang up
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        connection.connect(("127.0.0.1", port))
        connection.sendall(begin.encode())
        go_on(connection, stop)


def _read_slowly(connection: socket.socket, stop: Event) -> None:
    while not stop.wait(_BYTE_SECONDS) and connection.recv(1):
        pass


def _send_slowly(connection: socket.socket, stop: Event) -> None:
    while not stop.wait(_BYTE_SECONDS):
        connection.sendall(b"x")


def _wait(connection: socket.socket, stop: Event) -> None:
    stop.wait()
