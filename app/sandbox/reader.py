"""The processes that read uploads before a job enters the queue, and how the server asks them.

They cannot write files or use the network, and have little memory and time. A file that crashes or stalls such a
process costs one answer.
"""

import logging
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any, TypeVar

from app.sandbox.messages import Suspicious, receive
from app.sandbox.process import Sandbox, limit_cpu
from rs_srgan.errors import InputError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# A band of 10980 x 10980 pixels takes two seconds to decode. A quicklook needs three.
SECONDS = 60.0
MEMORY_BYTES = 3_000_000_000
# Number of uploads that are read at the same time.
_PROCESSES = 2
# Time that an upload waits for a process.
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Words:
    """What visitors read if a process does not answer.

    Attributes:
        busy: all processes are at work.
        slow: the process took too long; with {name} and {seconds}.
        crashed: the process ended; with {name}.
    """

    busy: str
    slow: str
    crashed: str


_UPLOADS = Words(
    "The server is busy with other uploads. Try again in a minute.",
    "{name} is refused: the server could not read it within {seconds:.0f} seconds.",
    "{name} is refused: it crashed the process that read it. The file may be damaged.",
)


@dataclass(frozen=True)
class _Crash:
    """A traceback for the server's log, which the process itself cannot write.

    Attributes:
        traceback: its text.
    """

    traceback: str


class Readers:
    """A pool of reading processes. A process starts when it is needed first, and again after it has ended.

    Args:
        folders: folders of the uploads and of the server's products; the processes can read nothing else. None for
            processes that may write files and use the network.
        processes: number of processes.
        memory: largest memory of each, bytes.
        words: what visitors read if a process does not answer.
    """

    def __init__(
        self,
        folders: Sequence[Path] | None,
        processes: int = _PROCESSES,
        memory: int = MEMORY_BYTES,
        words: Words = _UPLOADS,
    ) -> None:
        self._folders, self._memory, self._words = folders, memory, words
        self._idle: LifoQueue[Sandbox | None] = LifoQueue()
        for _ in range(processes):
            self._idle.put(None)
        self._processes = processes

    def ask(self, name: str, function: Callable[..., Answer], *arguments: object, seconds: float = SECONDS) -> Answer:
        """Call a function in a reading process; return its result.

        Args:
            name: name of the upload for error messages.
            function: a function at the top level of a module that does not import torch.
            arguments: arguments of the function.
            seconds: longest time of the call; after it the process is ended.

        Raises:
            InputError: the function raised it, or the process ended or took too long.
        """
        try:
            reader = self._idle.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise InputError(self._words.busy) from None
        try:
            if reader and not reader.is_alive():  # the system ended the process while it was idle
                reader.close()
                reader = None
            if reader is None:
                serve_here = "app.sandbox.reader:serve"
                reader = Sandbox(serve_here, os.getpid(), memory=self._memory, only_reads=self._folders)
            try:
                reader.connection.send((function, arguments, seconds))
                if not reader.connection.poll(seconds):
                    raise InputError(self._words.slow.format(name=name, seconds=seconds))
                answer: Answer | Exception | _Crash = self._receive(reader)
            except (EOFError, OSError):
                raise InputError(self._words.crashed.format(name=name)) from None
            except Suspicious as error:
                logger.warning("A reading process answered with %s, which is no data. Its upload is refused.", error)
                raise InputError(self._words.crashed.format(name=name)) from None
        except BaseException:
            if reader:
                reader.close()
            reader = None
            raise
        finally:
            self._idle.put(reader)
        if isinstance(answer, _Crash):
            logger.error("An upload could not be read. %s", answer.traceback)
            raise InputError("An internal error occurred. The server's log has the details.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _receive(self, reader: Sandbox) -> Any:  # noqa: ANN401  # any answer
        """Return the answer of a process; one that opens uploads is not trusted."""
        return reader.connection.recv() if self._folders is None else receive(reader.connection)

    def close(self) -> None:
        """Wait until all processes are idle, then end them."""
        for _ in range(self._processes):
            if reader := self._idle.get():
                reader.close()


def serve(connection: Connection, server: int) -> None:
    """Answer calls until the server has ended; `server` is its process id."""
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # our own errors quote GDAL's messages
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
            answer = InputError("The file is refused: the server needs too much memory to read it.")
        except Exception:
            answer = _Crash(traceback.format_exc())
        connection.send(answer)
