"""`Deadline`: the moment after which a part makes no further attempts."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Deadline:
    """A moment of this machine; other processes of it can use it, too.

    Attributes:
        moment: the moment on the clock of `time.monotonic`; infinite for no limit.
    """

    moment: float = inf

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the moment in so many seconds."""
        return cls(time.monotonic() + seconds)

    @property
    def has_passed(self) -> bool:
        """True if no further attempt may begin."""
        return time.monotonic() >= self.moment

    @property
    def left(self) -> float:
        """Seconds that are left; 0 if there are none."""
        return max(0.0, self.moment - time.monotonic())

    def share(self, share: float) -> "Deadline":
        """Return an earlier moment, which takes a share of the seconds that are left, 0 to 1."""
        return self if share >= 1 else Deadline.after(share * self.left)

    def shares(self, weights: Sequence[float]) -> Iterator["Deadline"]:
        """Yield a moment for each of several tasks in turn, by their weights: what one leaves, later ones get."""
        for index, weight in enumerate(weights):
            yield self.share(weight / sum(weights[index:]))


NEVER = Deadline()
