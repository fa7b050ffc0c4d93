"""Signals for the processes that tests start."""

import signal


def hear_signals():
    """Restore the default handlers, in a process to be: a shell ignores SIGINT in background jobs."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
