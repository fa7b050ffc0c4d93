"""`State`: how far a batch is."""

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """The progress of a batch.

    Attributes:
        scenes: number of all scenes.
        done: number of finished scenes, with those of earlier runs.
        earlier: number of scenes that earlier runs finished.
        failed: number of failed scenes.
        lr_px: LR pixels that are computed.
        seconds: time of this run.
        by_node: LR pixels by node.
        share: share of the scenes of this run that is done, 0 to 1; scenes under way count by their pixels.
    """

    scenes: int
    done: int
    earlier: int
    failed: int
    lr_px: int
    seconds: float
    by_node: Counter[str]
    share: float

    @property
    def seconds_left(self) -> float:
        """Seconds that the rest takes at the pace so far; infinite at the beginning."""
        return self.seconds * (1 - self.share) / self.share if self.share else float("inf")
