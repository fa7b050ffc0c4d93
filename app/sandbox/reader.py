"""The process that looks at uploads before anything is queued, and how the server asks it.

It writes no file, reaches no network and has little memory and time: what crashes or stalls it costs one answer.
"""

import logging
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import LifoQueue
from typing import TypeVar

from app.sandbox.process import Sandbox, limit_cpu
from rs_srgan.errors import InputError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# A whole band of 10980 x 10980 pixels takes two seconds to decode; three of them make a quicklook.
SECONDS = 60.0
MEMORY_BYTES = 3_000_000_000
# Uploads that are looked at side by side.
_PROCESSES = 2


@dataclass(frozen=True)
class _Crash:
    """What to write into the server's log, which the process itself cannot."""

    traceback: str


class Readers:
    """Asks such processes; they are started when they are needed, and again after one has ended."""

    def __init__(self, processes: int = _PROCESSES, memory: int = MEMORY_BYTES) -> None:
        self._memory = memory
        self._idle: LifoQueue[Sandbox | None] = LifoQueue()
        for _ in range(processes):
            self._idle.put(None)
        self._processes = processes

    def ask(self, name: str, function: Callable[..., Answer], *arguments: object, seconds: float = SECONDS) -> Answer:
        """Call a function there.

        Args:
            name: how error messages call what is looked at.
            function: at the top level of a module that does not import torch.
            arguments: its arguments.
            seconds: after which the process is ended.

        Raises:
            InputError: the function raised one, or the process ended or took too long.
        """
        reader = self._idle.get()
        try:
            if reader and not reader.is_alive():  # the system ended it while it was idle
                reader.close()
                reader = None
            if reader is None:
                reader = Sandbox(
                    "app.sandbox.reader:serve", os.getpid(), memory=self._memory, writes=False, network=False
                )
            try:
                reader.connection.send((function, arguments, seconds))
                if not reader.connection.poll(seconds):
                    raise InputError(f"{name} is not taken: to look at it took more than {seconds:.0f} seconds.")
                answer: Answer | Exception | _Crash = reader.connection.recv()
            except (EOFError, OSError):
                raise InputError(f"{name} is not taken: the process that looked at it ended. Is it damaged?") from None
        except BaseException:
            if reader:
                reader.close()
            reader = None
            raise
        finally:
            self._idle.put(reader)
        if isinstance(answer, _Crash):
            logger.error("An upload could not be looked at. %s", answer.traceback)
            raise InputError("Something went wrong that should not have. The server's log says what.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End all processes, once nobody asks any more."""
        for _ in range(self._processes):
            if reader := self._idle.get():
                reader.close()


def serve(connection: Connection, server: int) -> None:
    """Answer until the server, a process id, has ended."""
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # GDAL's messages come with our own errors
    while os.getppid() == server:
        if not connection.poll(1.0):
            continue
        try:
            function, arguments, seconds = connection.recv()
        except EOFError:
            return
        limit_cpu(seconds)
        try:
            answer = function(*arguments)
        except InputError as error:
            answer = error
        except MemoryError:
            answer = InputError("The image is not taken: to look at it takes too much memory.")
        except Exception:
            answer = _Crash(traceback.format_exc())
        connection.send(answer)
