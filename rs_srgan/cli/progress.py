"""Progress of a command: a bar on a terminal; in logs and CI one line for each tenth of the work."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

logger = logging.getLogger(__name__)

# Takes the units that are done, all units, and those of the done ones that an earlier run did.
Show = Callable[[int, int, int], None]


@contextmanager
def shown_progress(unit: str, scaled: bool = False) -> Iterator[Show]:
    """Show the progress on stderr within a `with` block; log messages of the block stand on lines of their own.

    Args:
        unit: name of what is counted, for the bar.
        scaled: show large numbers with a prefix, for example 12.5M.

    Yields:
        the function to call after each step.
    """
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    bars: list[tqdm[NoReturn]] = []

    def show(done: int, total: int, earlier: int = 0) -> None:
        if not bars:  # only when there is something to show
            bars.append(tqdm(total=total, initial=earlier, unit=unit, unit_scale=scaled, leave=False))
        bars[0].update(done - bars[0].n)

    with logging_redirect_tqdm():
        try:
            yield show
        finally:
            for bar in bars:
                bar.close()


class _Lines:
    """Logs a line whenever another tenth of the work is done; the end has its own message."""

    def __init__(self) -> None:
        self._started, self._tenths = time.monotonic(), 0

    def show(self, done: int, total: int, earlier: int = 0) -> None:
        """Log the share that is done, and the time that the rest takes at the pace so far."""
        tenths = 10 * done // total
        if tenths > max(self._tenths, 10 * earlier // total) and done < total:
            self._tenths = tenths
            seconds = (time.monotonic() - self._started) * (total - done) / max(done - earlier, 1)
            logger.info("%d %%, %s left.", 100 * done // total, tqdm.format_interval(seconds))
