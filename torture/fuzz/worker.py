"""The process that reads broken inputs, so that a crash or a hang ends it and not the whole run."""

import faulthandler
import os
import resource
from multiprocessing.connection import Connection
from pathlib import Path

from torture.fuzz.attempt import attempt
from torture.fuzz.reader import make_reader

# Well above the limit that counts as a failure, so that an allocation that counts is seen; the machine is protected.
_DATA_BYTES = 6_000_000_000


def serve(connection: Connection, name: str, workspace: str) -> None:
    """Answer numbers of inputs with outcomes, until the other end closes.

    Args:
        connection: receives (seed, number) and sends `Outcome`; first it sends "ready".
        name: name of the reader.
        workspace: folder of this process.
    """
    os.environ |= {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}  # before torch is imported
    resource.setrlimit(resource.RLIMIT_DATA, (_DATA_BYTES, _DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    place = Path(workspace)
    with (place / "crash.txt").open("w", encoding="utf-8") as crash:
        faulthandler.enable(crash)
        reader = make_reader(name, place / "templates")
        connection.send("ready")
        while True:
            try:
                seed, number = connection.recv()
            except EOFError:
                return
            connection.send(attempt(reader, name, seed, number, place / "input"))
