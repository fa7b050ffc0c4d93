"""Processes that predict: forked from one that has the imports already, so that fifty kills take a minute."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_PRELOADED = ("rs_srgan.cli.main", "rs_srgan.cli.predict", "rs_srgan.inference.engines", "rs_srgan.catalogues")
# A process that runs for longer hangs.
HANG_S = 300.0

Preparation = Callable[[], None]


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: exit code; -N if signal N killed it, None if it hung and was killed.
        words: what it wrote to stdout and stderr.
        seconds: how long it ran.
    """

    code: int | None
    words: str
    seconds: float

    @property
    def is_plain(self) -> bool:
        """True if the words are for people: no traceback, no crash."""
        return "Traceback" not in self.words and "Fatal" not in self.words


class Running:
    """A process that runs `rs-srgan` with some arguments, and keeps every finished tile.

    Args:
        arguments: arguments of the command.
        words: the file for what it writes to stdout and stderr.
        preparations: functions at the top level of a module that it calls first.
    """

    def __init__(self, arguments: Sequence[str], words: Path, preparations: Sequence[Preparation] = ()) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOADED))
        self._words, self._started = words, time.monotonic()
        self._process = context.Process(target=_run, args=(list(arguments), words, tuple(preparations)))
        self._process.start()

    def send(self, number: int) -> None:
        """Send a signal, if the process still runs."""
        assert self._process.pid is not None
        if self._process.is_alive():
            os.kill(self._process.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for some seconds at most; return whether the process has ended."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def end(self, seconds: float = HANG_S) -> Ended:
        """Wait until the process ends; after some seconds, kill it."""
        code: int | None = None
        if self.wait(seconds):
            code = self._process.exitcode
        else:
            self.send(signal.SIGKILL)
            self._process.join()
        lasted = time.monotonic() - self._started
        words = self._words.read_text(encoding="utf-8", errors="replace") if self._words.exists() else ""
        self._process.close()
        return Ended(code, words, lasted)


def run_to_end(arguments: Sequence[str], words: Path, preparations: Sequence[Preparation] = ()) -> Ended:
    """Run the command until it ends."""
    return Running(arguments, words, preparations).end()


def _run(arguments: list[str], words: Path, preparations: Sequence[Preparation]) -> None:
    """Run the command in this process, and exit with its code."""
    descriptor = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(descriptor, stream.fileno())
    from rs_srgan.cli.main import main
    from rs_srgan.inference import work

    work.CHECKPOINT_SECONDS = 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    for prepare in preparations:
        prepare()
    sys.exit(main(arguments))
