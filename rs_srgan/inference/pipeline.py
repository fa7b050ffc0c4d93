"""Reading, computing and writing at the same time, in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Part = TypeVar("Part")
Read = TypeVar("Read")
Computed = TypeVar("Computed")

# Parts that may wait on either side of the computation: one being worked on, one ready.
DEPTH = 2


def overlapped(
    parts: Iterable[Part],
    read: Callable[[Part], Read],
    compute: Callable[[Read], Computed],
    write: Callable[[Part, Computed], None],
) -> Iterator[Part]:
    """Take `parts` through three stages, each stage one part at a time and in order; yield a part when it is written.

    `compute` runs in the thread that iterates, the others in threads of their own. An exception of any stage comes up
    here; then, or when the iteration is closed, nothing is begun any more and what is under way is waited for.

    Args:
        parts: of the work.
        read: what a part needs.
        compute: the result of what was read.
        write: keeps it.
    """
    reading: deque[tuple[Part, Future[Read]]] = deque()
    writing: deque[tuple[Part, Future[None]]] = deque()
    upcoming = iter(parts)
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        try:
            while True:
                for part in islice(upcoming, DEPTH - len(reading)):
                    reading.append((part, reader.submit(read, part)))
                if reading:
                    part, pixels = reading.popleft()
                    writing.append((part, writer.submit(write, part, compute(pixels.result()))))
                elif not writing:
                    return
                if len(writing) > DEPTH or not reading:
                    part, written = writing.popleft()
                    written.result()
                    yield part
        finally:
            for _, waiting in reading:
                waiting.cancel()
            for _, written in writing:
                written.cancel()
