"""`run_tiles`: the loop over tiles. It reads, computes and writes at the same time, in bounded memory."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from threading import Event, Thread, current_thread
from typing import TypeVar

from rs_srgan.errors import ThreadDied
from rs_srgan.pixels.windows import Tile

Read = TypeVar("Read")
Computed = TypeVar("Computed")
_T = TypeVar("_T")

# Tiles in flight beside those being computed: one being read, one read, one computed, one being written.
AROUND = 4
# A waiting thread looks that often whether the others are alive.
_LOOK_SECONDS = 0.2


def run_tiles(
    tiles: Iterable[Tile],
    read: Callable[[Tile], Read | None],
    compute: Callable[[Read], Computed],
    write: Callable[[Tile, Computed | None], None],
    workers: int = 1,
) -> Generator[Tile]:
    """Take tiles through three stages; yield a tile when it is written.

    Each stage takes the tiles in order; one tile is read at a time, `workers` are computed, and one is written. An
    exception of any stage is raised here. Then, or when the iteration is closed, no stage is begun any more, and the
    stages under way are waited for. The tiles written until then are the first ones, without a gap. So it is, too, if a
    thread dies between two tiles, for example because Python has no memory for its next step.

    The stages run in threads of this call. So a process that is forked later can begin a loop of its own; with OpenMP,
    threads that computed before the fork cannot. Settings that a library keeps for each thread, for example PyTorch's
    inference mode, must be set inside `compute`.

    Args:
        tiles: the tiles in the order of the work.
        read: reads what a tile needs, with its halo; returns None if the tile has no data.
        compute: computes the result from what was read, without the halo; not called for a tile without data.
        write: writes the result to the tile's core; takes None for a tile without data.
        workers: number of threads that compute.

    Raises:
        ThreadDied: a thread died.
    """
    flying: deque[tuple[Tile, Future[None]]] = deque()
    upcoming = iter(tiles)
    stopped = Event()
    threads: list[Thread] = []

    def pool(size: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(size, initializer=lambda: threads.append(current_thread()))

    with pool(1) as reader, pool(workers) as computer, pool(1) as writer:

        def begin(tile: Tile) -> Future[None]:
            # a stage waits for the one before, whose tasks are submitted in the same order: no deadlock
            pixels = reader.submit(read, tile)
            return writer.submit(keep, tile, computer.submit(process, pixels))

        def process(pixels: Future[Read | None]) -> Computed | None:
            given = _result(pixels, threads)
            return None if given is None else compute(given)

        def keep(tile: Tile, result: Future[Computed | None]) -> None:
            try:
                computed = _result(result, threads)
                if not stopped.is_set():
                    write(tile, computed)
            except BaseException:
                stopped.set()  # before the next tile is written: no gaps
                raise

        try:
            while True:
                flying.extend((tile, begin(tile)) for tile in islice(upcoming, workers + AROUND - len(flying)))
                if not flying:
                    return
                tile, written = flying.popleft()
                _result(written, threads)
                yield tile
        finally:
            stopped.set()
            for stage in (reader, computer, writer):
                stage.shutdown(wait=False, cancel_futures=True)  # the end of the block waits


def _result(future: Future[_T], threads: Iterable[Thread]) -> _T:
    """Return the result of a stage, or raise its exception.

    Raises:
        ThreadDied: one of the threads has died, so the result may never come.
    """
    while True:
        try:
            return future.result(timeout=_LOOK_SECONDS)
        except TimeoutError:
            if future.done():  # the exception is the stage's own, or the result has just come
                return future.result()
            if not all(thread.is_alive() for thread in threads):
                raise ThreadDied(
                    "A thread that reads, computes or writes has died, because memory is full or by a fault of Python. "
                    "Finished tiles are kept. Resume with --resume (resume=True)."
                ) from None
