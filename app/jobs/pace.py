"""The time of jobs, estimated from their parts and learned from earlier jobs."""

import math
from collections.abc import Iterable, Sequence

from app.jobs.parts import Lap, Part

# Logarithms of factors to the measured machine. They are uncertain by so much before anything was learned.
_MACHINE_DEVIATION, _PART_DEVIATION = 0.7, 0.5
# So much they change from one job to the next, since other programs use the same cores.
_DRIFT = 0.08
# A measured time is wrong by this share, and by these seconds.
_NOISE, _NOISE_SECONDS = 0.25, 0.05
# Shorter times differ by chance.
_LEAST_SECONDS = 0.01
_MACHINE = ("machine", "")
# So much uncertainty a restart adds: the server may be on other cores.
_RESTART = 0.2

Row = tuple[str, str, float, float]


class Pace:
    """Estimates the seconds of jobs, and learns from those that are done.

    Each part of a job has a factor: how much slower this machine does it than the one on which it was measured. It is
    the product of a factor of the machine and one of the part. Logarithms of both are learned by a Kalman filter that
    keeps no covariances. Source: R. E. Kalman 1960, A New Approach to Linear Filtering and Prediction Problems.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """Begin with what an earlier server learned.

        Args:
            rows: the `rows` of that server.

        Raises:
            ValueError: a value is not finite, or a variance is not positive.
        """
        self._factors: dict[tuple[str, str], float] = {}
        self._variances: dict[tuple[str, str], float] = {}
        for name, kind, factor, variance in rows:
            if not (math.isfinite(factor) and 0 < variance < math.inf):
                raise ValueError(f"The factor of {name} is {factor} with the variance {variance}.")
            self._factors[name, kind] = factor
            self._variances[name, kind] = min(variance + _RESTART**2, self._variance((name, kind)))

    @property
    def rows(self) -> list[Row]:
        """Return what was learned: name and kind of a part, the logarithm of its factor, and the variance of that."""
        return [(*key, factor, self._variances[key]) for key, factor in self._factors.items()]

    def seconds(self, laps: Sequence[Lap]) -> float:
        """Return the estimated time of a job, or of a part of it."""
        return sum(self._of(part) for lap in laps for part in lap)

    def learn(self, laps: Sequence[Lap], seconds: Sequence[float]) -> None:
        """Learn from a job that is done.

        Args:
            laps: its laps.
            seconds: the measured time of each lap.
        """
        for key in {_MACHINE, *(_key(part) for lap in laps for part in lap)}:
            self._variances[key] = self._variance(key) + _DRIFT**2
        for lap, measured in zip(laps, seconds, strict=True):
            if any(part.seconds > 0 for part in lap) and max(measured, sum(map(self._of, lap))) >= _LEAST_SECONDS:
                self._correct(lap, max(measured, _LEAST_SECONDS))

    def _correct(self, lap: Lap, measured: float) -> None:
        """Move the factors of a lap towards its measured time: the more, the less certain they are."""
        expected = sum(self._of(part) for part in lap)
        # how much the logarithm of the time changes with that of each factor
        slopes = {_MACHINE: 1.0}
        for part in lap:
            slopes[_key(part)] = slopes.get(_key(part), 0.0) + self._of(part) / expected
        error = math.log(measured / expected)
        noise = _NOISE**2 + (_NOISE_SECONDS / measured) ** 2
        total = noise + sum(slope**2 * self._variance(key) for key, slope in slopes.items())
        for key, slope in slopes.items():
            gain = slope * self._variance(key) / total
            self._factors[key] = self._factors.get(key, 0.0) + gain * error
            self._variances[key] = self._variance(key) * (1 - gain * slope)

    def _of(self, part: Part) -> float:
        return part.seconds * math.exp(self._factors.get(_MACHINE, 0.0) + self._factors.get(_key(part), 0.0))

    def _variance(self, key: tuple[str, str]) -> float:
        unknown = _MACHINE_DEVIATION if key == _MACHINE else _PART_DEVIATION
        return self._variances.get(key, unknown**2)


def _key(part: Part) -> tuple[str, str]:
    return part.name, part.kind
