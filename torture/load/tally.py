"""`Tally`: what became of many requests."""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from torture.row import Row
from torture.visitors import Full

PART = "load"
# The largest number of different failures that a row lists.
MOST_KINDS = 8


@dataclass
class Tally:
    """What became of many requests; threads may share it.

    Attributes:
        tried: number of requests.
        right: number of right answers.
        full: number of refusals that name a limit.
        failures: the others, by what they said, with the number of the first one.
        seconds: the time of each request.
    """

    tried: int = 0
    right: int = 0
    full: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, ask: Callable[[], object]) -> None:
        """Make one request, and note what became of it; an answer in words says what is wrong."""
        said, full, start = "", False, time.monotonic()
        try:
            said = str(ask() or "")
        except Full:
            full = True
        except Exception as error:  # whatever it is, it belongs into the table
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        with self._lock:
            self.tried += 1
            self.seconds.append(time.monotonic() - start)
            self.full += full
            self.right += not (full or said)
            if said:
                self.failures[said] += 1
                self._first.setdefault(said, self.tried)

    def times(self) -> str:
        """Return the median and the longest time of a request, for people."""
        if not self.seconds:
            return "no time was left"
        return f"median {statistics.median(self.seconds):.2f} s, longest {max(self.seconds):.2f} s"

    def row(self, subject: str, seed: int, seconds: float, planned: int | None = None) -> Row:
        """Return the row of these requests; of more that were planned if the time ended before."""
        found = tuple(
            f"seed {seed}, request {self._first.get(said, 0)}, {count} times: {said}"
            for said, count in self.failures.most_common(MOST_KINDS)
        )
        return Row(PART, subject, self.tried, self.right + self.full, found, seconds, planned)
