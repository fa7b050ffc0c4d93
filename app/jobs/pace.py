"""The time of jobs, estimated from earlier jobs of the same model: a time to start, and a time for each pixel."""

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

from app.jobs.request import Request

# What is assumed until jobs were measured: two cores without bf16.
_START_SECONDS, _PX_PER_SECOND = 1.5, 100_000.0
# The assumption counts as much as this share of a measured job, at these sizes.
_ASSUMED_WEIGHT, _ASSUMED_PX = 0.05, (0.0, 1e6)
# Number of jobs that are remembered for each model. Each older one counts less by this factor: the machine may be busy
# with other things now.
_REMEMBERED, _FADING = 12, 0.8
# The first job of a kind also loads and compiles the model, so that it counts less.
_FIRST_WEIGHT = 0.1


@dataclass(frozen=True)
class _Kind:
    """What decides on the pace: the model, whether it also computes its uncertainty, and whether it takes revisits."""

    model: str
    uncertainty: bool
    several: bool


class Pace:
    """Estimates the seconds of jobs, and learns from those that are done.

    The time is a straight line over the pixels. It is fitted to the earlier jobs so that their relative errors are
    small, since a second more or less matters for small jobs only.
    """

    def __init__(self) -> None:
        self._measured: dict[_Kind, deque[tuple[float, float, float]]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))

    def learn(self, request: Request, work_px: int, seconds: float) -> None:
        """Learn from a job that is done.

        Args:
            request: what was asked for; only requests for one model tell its pace.
            work_px: LR pixels of the job, see `Outlook`.
            seconds: time from its start to its end.
        """
        if len(request.models) == 1 and seconds > 0:
            measured = self._measured[_kind(request, request.models[0])]
            measured.append((float(work_px), seconds, 1.0 if measured else _FIRST_WEIGHT))

    def seconds(self, request: Request, work_px: int) -> float:
        """Return the estimated time of a job."""
        share = work_px / len(request.models)
        lines = [self._line(_kind(request, name)) for name in request.models]
        return float(sum(start + share * per_px for start, per_px in lines))

    def _line(self, kind: _Kind) -> tuple[float, float]:
        """Return the time to start, seconds, and the time for each LR pixel."""
        measured = self._measured[kind]
        fading = _FADING ** np.arange(len(measured))[::-1]
        weights = fading * np.array([each[2] for each in measured])
        px = np.array([each[0] for each in measured] + list(_ASSUMED_PX))
        assumed = [_START_SECONDS + each / _PX_PER_SECOND for each in _ASSUMED_PX]
        seconds = np.array([each[1] for each in measured] + assumed)
        weights = np.concatenate([weights, [_ASSUMED_WEIGHT, _ASSUMED_WEIGHT]])
        scale = np.sqrt(weights) / seconds
        columns = np.stack([np.ones_like(px), px], axis=1) * scale[:, None]
        start, per_px = np.linalg.lstsq(columns, scale * seconds, rcond=None)[0].tolist()
        if start > 0 and per_px > 0:
            return start, per_px
        # neither can be below zero: then one of them explains all
        alone = [columns[:, i] @ (scale * seconds) / (columns[:, i] @ columns[:, i]) for i in (0, 1)]
        candidates = [(float(alone[0]), 0.0), (0.0, float(alone[1]))]
        return min(candidates, key=lambda line: float(((columns @ line - scale * seconds) ** 2).sum()))


def _kind(request: Request, model: str) -> _Kind:
    first = model == request.models[0]
    return _Kind(model, request.uncertainty and first, bool(request.others) and first)
