"""A progress bar for people who watch: in a notebook or on a terminal, and nowhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm.auto import tqdm

from rs_srgan.errors import InputError, shown
from rs_srgan.progress.state import Progress, Report


def somebody_watches() -> bool:
    """Return whether standard error is a terminal, or this is a notebook."""
    shell = sys.modules.get("IPython")
    kernel = shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
    return kernel or (sys.stderr is not None and sys.stderr.isatty())


@contextmanager
def reporting(progress: Report | bool | None) -> Iterator[Report | None]:
    """Give what is to be called with the state after every tile, within a `with` block.

    Args:
        progress: a function; True for a bar; False for nothing; None for a bar if somebody watches and there is more
            than one tile.

    Raises:
        InputError: it is none of these.
    """
    if callable(progress):
        yield progress
        return
    if progress is not None and not isinstance(progress, bool):
        raise InputError(f"progress is {shown(progress)}; expected a function, True, False or None.")
    if not (somebody_watches() if progress is None else progress):
        yield None
        return
    bars: list[Any] = []  # at most one: made when it is known that there is something to wait for

    def show(state: Progress) -> None:
        if not bars and progress is None and state.done_px == state.total_px:
            return
        if not bars:
            bars.append(tqdm(total=state.total_px, initial=state.resumed_px, unit="px", unit_scale=True, leave=False))
        bars[0].update(state.done_px - bars[0].n)

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()
