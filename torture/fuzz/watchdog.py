"""`Watched`: a worker process under a watchdog, which ends it when it hangs and starts it again after a crash."""

import multiprocessing
import shutil
import signal
import tempfile
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

from torture.fuzz.outcome import Outcome
from torture.fuzz.worker import serve

HANG_SECONDS = 10.0
_START_SECONDS = 300.0


class Watched:
    """A worker process for one reader.

    Args:
        name: name of the reader.
        seed: seed of the run.
        kept: folder for inputs that failed; a copy of each is kept in it.
        seconds: longest time of one input.
    """

    def __init__(self, name: str, seed: int, kept: Path, seconds: float = HANG_SECONDS) -> None:
        self._name, self._seed, self._kept, self._seconds = name, seed, kept, seconds
        self._workspace = Path(tempfile.mkdtemp(prefix="rs_srgan_fuzz_"))
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()
        shutil.rmtree(self._workspace, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process id of the worker; 0 while there is none."""
        return (self._process.pid or 0) if self._process is not None else 0

    def attempt(self, number: int) -> Outcome:
        """Let the worker read one input. An input that hangs is read once more: a busy machine is slow, too."""
        outcome = self._once(number)
        if outcome.failure.startswith("hang"):
            outcome = self._once(number)
        if outcome.failure:
            self._keep(number)
        return outcome

    def _once(self, number: int) -> Outcome:
        connection = self._connection or self._start()
        try:
            connection.send((self._seed, number))
            if not connection.poll(self._seconds):
                self._end()
                return Outcome(number, f"hang: more than {self._seconds:.0f} s")
            outcome: Outcome = connection.recv()
        except (EOFError, OSError):
            return Outcome(number, f"crash: {self._how_it_ended()}")
        return outcome

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks of threads
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._name, str(self._workspace)), daemon=True)
        self._process.start()
        theirs.close()
        if not self._connection.poll(_START_SECONDS):
            raise TimeoutError(f"The worker for {self._name} did not start within {_START_SECONDS:.0f} s.")
        self._connection.recv()
        return self._connection

    def _how_it_ended(self) -> str:
        process = self._process
        self._end()
        code = None if process is None else process.exitcode
        reason = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        stack = (self._workspace / "crash.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        places = [line.strip() for line in stack if "rs_srgan/" in line or "train/" in line][:1]
        return " ".join([reason, *places])

    def _end(self) -> None:
        if self._process is not None:
            if self._connection is not None:
                self._connection.close()
            self._process.join(0.5)
            self._process.kill()
            self._process.join()
        self._process = self._connection = None

    def _keep(self, number: int) -> None:
        place = self._kept / f"{self._name} seed {self._seed} input {number}".replace(" ", "_")
        shutil.rmtree(place, ignore_errors=True)
        if (self._workspace / "input").exists():
            shutil.copytree(self._workspace / "input", place, symlinks=True)
