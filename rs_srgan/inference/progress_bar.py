"""A progress bar for people who watch: in a notebook or on a terminal, and nowhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm

from rs_srgan.inference.work import Progress

Report = Callable[[Progress], None]


def somebody_watches() -> bool:
    """Return whether standard error is a terminal, or this is a notebook."""
    shell = sys.modules.get("IPython")
    kernel = shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
    return kernel or sys.stderr.isatty()


@contextmanager
def reporting(progress: Report | bool | None) -> Iterator[Report | None]:
    """Give what is to be called with the state after every tile, within a `with` block.

    Args:
        progress: a function; True for a bar; False for nothing; None for a bar if somebody watches.
    """
    if callable(progress):
        yield progress
        return
    if not (somebody_watches() if progress is None else progress):
        yield None
        return
    with tqdm(unit="px", unit_scale=True, leave=False) as bar:

        def show(state: Progress) -> None:
            if bar.total is None:
                bar.reset(state.total_px)
                bar.initial = bar.n = state.resumed_px
            bar.update(state.done_px - bar.n)

        yield show
