"""`Watch`: counts the pixels of a run in memory, reports them, and stops the run when its caller wants that."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rs_srgan.progress.bar import reporting
from rs_srgan.progress.cancel import Cancel, check_cancel, stop_if
from rs_srgan.progress.state import Progress, Report


class Watch:
    """Counts the LR pixels that are done.

    Args:
        report: called with the state after every tile; None for silence.
        cancel: the caller's function or event; None if the run cannot be cancelled.

    Attributes:
        total_px: LR pixels of the whole work.
    """

    def __init__(self, report: Report | None = None, cancel: Cancel | None = None) -> None:
        self.total_px = 0
        self._report, self._cancel = report, cancel
        self._done_px, self._started = 0, time.monotonic()

    def silent(self) -> "Watch":
        """Return a watch that reports nothing and stops for the same reason, for work that is done later."""
        return Watch(cancel=self._cancel)

    def add(self, pixels: int) -> None:
        """Count LR pixels that are done.

        Raises:
            Cancelled: the caller wants to stop, and there is more to do.
        """
        self._done_px += pixels
        if self._report is not None:
            self._report(Progress(self._done_px, self.total_px, time.monotonic() - self._started))
        if self._done_px < self.total_px:
            stop_if(self._cancel)

    def check(self) -> None:
        """Stop before the first tile.

        Raises:
            Cancelled: the caller wants to stop.
        """
        stop_if(self._cancel)


@contextmanager
def watching(progress: Report | bool | None, cancel: Cancel | None) -> Iterator[Watch]:
    """Give a watch within a `with` block.

    Args:
        progress: see `reporting`.
        cancel: see `Watch`.

    Raises:
        InputError: one of the two is of another kind.
        Cancelled: the caller wants to stop already.
    """
    check_cancel(cancel)
    stop_if(cancel)
    with reporting(progress) as report:
        yield Watch(report, cancel)
