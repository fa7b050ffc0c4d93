"""`overlapped`: reading, computing and writing at the same time, in bounded memory."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from threading import Event
from typing import Any, TypeVar

Part = TypeVar("Part")
Read = TypeVar("Read")
Computed = TypeVar("Computed")

# Parts in flight beside those being computed: one being read, one read, one computed, one being written.
AROUND = 4


def overlapped(
    parts: Iterable[Part],
    read: Callable[[Part], Read],
    compute: Callable[[Read], Computed],
    write: Callable[[Part, Computed], None],
    workers: int = 1,
) -> Generator[Part]:
    """Take `parts` through three stages; yield a part when it is written.

    Each stage takes the parts in order; one part is read at a time, `workers` are computed, and one is written. An
    exception of any stage is raised here. Then, or when the iteration is closed, no stage is begun any more, and the
    stages under way are waited for. The parts written until then are the first ones, without a gap.

    Args:
        parts: the parts of the work.
        read: reads what a part needs.
        compute: computes the result from what was read.
        write: writes the result.
        workers: number of threads that compute.
    """
    flying: deque[tuple[Part, list[Future[Any]]]] = deque()
    upcoming = iter(parts)
    stopped = Event()
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(workers) as computer, ThreadPoolExecutor(1) as writer:

        def begin(part: Part) -> list[Future[Any]]:
            # a stage waits for the one before, whose tasks are submitted in the same order: no deadlock
            pixels = reader.submit(read, part)
            result = computer.submit(lambda: compute(pixels.result()))
            return [pixels, result, writer.submit(keep, part, result)]

        def keep(part: Part, result: Future[Computed]) -> None:
            try:
                computed = result.result()
                if not stopped.is_set():
                    write(part, computed)
            except BaseException:
                stopped.set()  # before the next part is written: no gaps
                raise

        try:
            while True:
                flying.extend((part, begin(part)) for part in islice(upcoming, workers + AROUND - len(flying)))
                if not flying:
                    return
                part, stages = flying.popleft()
                stages[-1].result()
                yield part
        finally:
            stopped.set()
            for _, stages in flying:
                for stage in stages:
                    stage.cancel()
