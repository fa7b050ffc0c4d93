"""`Progress`: how far a run is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """State of a prediction after a tile.

    Attributes:
        done_px: LR pixels that are done.
        total_px: LR pixels of the whole work.
        seconds: time since this run began.
        resumed_px: LR pixels of `done_px` that an earlier run computed.
    """

    done_px: int
    total_px: int
    seconds: float
    resumed_px: int = 0

    @property
    def seconds_left(self) -> float:
        """Seconds that the rest takes at the pace so far; infinite before the first tile."""
        pace_px = self.done_px - self.resumed_px
        return self.seconds * (self.total_px - self.done_px) / pace_px if pace_px else float("inf")


# A function that is called with the state after every tile.
Report: TypeAlias = Callable[[Progress], None]
