"""Keeping from the terminal what a C library writes there past all handlers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread

_STDERR = 2
# For the last lines to pass. It takes longer only while somebody else, such as a child process, holds the descriptor.
_PATIENCE_SECONDS = 5
_listening = Lock()


@contextmanager
def without_lines(start: bytes) -> Iterator[None]:
    """Drop the lines that begin with `start` from what is written to standard error, by whomever; pass on all others.

    One at a time: within another thread's this does nothing.
    """
    if not _listening.acquire(blocking=False):
        yield
        return
    try:
        terminal, outlet = os.dup(_STDERR), _redirect()
        listener = Thread(target=_pass_on, args=(outlet, os.dup(terminal), start), daemon=True)
        listener.start()
        try:
            yield
        finally:
            os.dup2(terminal, _STDERR)  # and with its last inlet closed the listener ends
            os.close(terminal)
            listener.join(_PATIENCE_SECONDS)
    finally:
        _listening.release()


def _redirect() -> int:
    """Make standard error lead into a pipe; the descriptor to read from."""
    outlet, inlet = os.pipe()
    os.dup2(inlet, _STDERR)
    os.close(inlet)
    return outlet


def _pass_on(outlet: int, terminal: int, start: bytes) -> None:
    with open(outlet, "rb") as lines, open(terminal, "wb", buffering=0) as passed:
        for line in lines:
            if not line.startswith(start):
                passed.write(line)
