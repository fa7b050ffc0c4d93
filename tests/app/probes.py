"""Functions that tests call in the reading and computing processes."""

import os
import resource
import socket
import sys
import time
from pathlib import Path


def drivers() -> set[str]:
    import rasterio

    with rasterio.Env() as environment:
        return set(environment.drivers())


def answer_drivers(connection) -> None:
    connection.send((drivers(), "app.jobs.worker" in sys.modules))


def fill_memory() -> None:
    kept = []
    while True:
        kept.append(bytearray(1 << 26))


def spin() -> None:
    while True:
        pass


def cpu_seconds_left() -> float:
    return resource.getrlimit(resource.RLIMIT_CPU)[0] - time.process_time()


def answer(value: int) -> int:
    return value


def crash() -> None:
    os.abort()


def fail() -> None:
    raise KeyError("nobody expects this")


def write(path: Path) -> str:
    try:
        path.write_bytes(b"x" * 100)
    except OSError as error:
        return str(error)
    return "written"


def connect(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError as error:
        return str(error)
    return "connected"


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        return str(error)
