"""The time of jobs, estimated from their parts and learned from earlier jobs."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.jobs.parts import Key, Lap, Part

# A key without a kind names the factor of a group, and one without a name that of the machine.
_MACHINE: Key = ("", "", "")
# The factors are uncertain by so much before anything was learned, as logarithms: of the machine, of parts of a group,
# and of one kind of part.
_MACHINE_DEVIATION, _GROUP_DEVIATION, _KIND_DEVIATION = 0.7, 0.4, 0.3
# So much they change from one job to the next, since other programs use the same cores.
_MACHINE_DRIFT, _DRIFT = 0.08, 0.04
# A measured time is wrong by this share, and by these seconds.
_NOISE, _NOISE_SECONDS = 0.2, 0.03
# An error of more standard deviations counts as so many: something else took the time.
_SURPRISE = 2.0
# Shorter times differ by chance.
_LEAST_SECONDS = 0.01
# So much uncertainty a restart adds: the server may be on other cores.
_RESTART = 0.2
# Visitors can bring models of their own: what was used longest ago is forgotten.
_MOST_FACTORS = 100
# Eigenvalues of a covariance matrix are positive but for rounding.
_ROUNDING = 1e-6


class Pace:
    """Estimates the seconds of jobs, and learns from those that are done.

    Each part of a job has a factor: how much slower this machine does it than the one on which it was measured. It is
    the product of three: of the machine, of the group of the part, and of its kind. So a kind that was never measured
    has the pace of others of its group. The logarithms are learned by an extended Kalman filter. Source: R. E. Kalman
    1960, A New Approach to Linear Filtering and Prediction Problems.
    """

    def __init__(
        self,
        keys: Iterable[Key] = (),
        factors: Sequence[float] = (),
        covariance: Sequence[Sequence[float]] | NDArray[np.float64] = (),
    ) -> None:
        """Begin with what an earlier server learned: its `keys`, `factors` and `covariance`.

        Args:
            keys: names of the factors, those used longest ago first.
            factors: the logarithm of each.
            covariance: covariances of these.

        Raises:
            ValueError: the sizes do not fit, values are not finite, or the covariances are none.
        """
        self.keys = list(keys)
        self.factors = np.array(factors, dtype=np.float64)
        count = len(self.keys)
        self.covariance = np.array(covariance, dtype=np.float64).reshape(count, count)
        known = [*self.factors.ravel(), *self.covariance.ravel()]
        if self.factors.shape != (count,) or len(set(self.keys)) != count or not np.isfinite(known).all():
            raise ValueError("The factors do not fit their names.")
        if count and not np.allclose(self.covariance, self.covariance.T):
            raise ValueError("The covariances are not symmetric.")
        if count and np.linalg.eigvalsh(self.covariance)[0] < -_ROUNDING:
            raise ValueError("The covariances are no covariances.")
        if _MACHINE in self.keys:
            self._add_variance(_MACHINE, _RESTART**2)

    def seconds(self, laps: Sequence[Lap]) -> float:
        """Return the estimated time of a job, or of a part of it."""
        return sum(self._of(part) for lap in laps for part in lap)

    def learn(self, laps: Sequence[Lap], seconds: Sequence[float]) -> None:
        """Learn from a job that is done.

        Args:
            laps: its laps.
            seconds: the measured time of each lap.
        """
        used = {key: None for lap in laps for part in lap for key in _keys(part)}
        for key in used:
            if key not in self.keys:
                self._begin(key)
            self._add_variance(key, (_MACHINE_DRIFT if key == _MACHINE else _DRIFT) ** 2)
        for lap, measured in zip(laps, seconds, strict=True):
            if any(part.seconds > 0 for part in lap) and max(measured, sum(map(self._of, lap))) >= _LEAST_SECONDS:
                self._correct(lap, max(measured, _LEAST_SECONDS))
        self._keep([*(key for key in self.keys if key not in used), *used][-_MOST_FACTORS:])

    def _correct(self, lap: Lap, measured: float) -> None:
        """Move the factors of a lap towards its measured time: the more, the less certain they are."""
        expected = sum(self._of(part) for part in lap)
        # how much the logarithm of the time changes with each factor
        slopes = np.zeros(len(self.keys))
        for part in lap:
            for key in _keys(part):
                slopes[self.keys.index(key)] += self._of(part) / expected
        noise = _NOISE**2 + (_NOISE_SECONDS / measured) ** 2
        shared = self.covariance @ slopes
        variance = noise + slopes @ shared
        error, most = math.log(measured / expected), _SURPRISE * math.sqrt(variance)
        gain = shared / variance
        self.factors += gain * min(max(error, -most), most)
        self.covariance -= np.outer(gain, shared)

    def _of(self, part: Part) -> float:
        known = [self.factors[self.keys.index(key)] for key in _keys(part) if key in self.keys]
        return part.seconds * math.exp(sum(known))

    def _begin(self, key: Key) -> None:
        self.keys.append(key)
        self.factors = np.append(self.factors, 0.0)
        self.covariance = np.pad(self.covariance, (0, 1))
        self._add_variance(key, _deviation(key) ** 2)

    def _add_variance(self, key: Key, more: float) -> None:
        index = self.keys.index(key)
        self.covariance[index, index] = min(self.covariance[index, index] + more, _deviation(key) ** 2)

    def _keep(self, keys: list[Key]) -> None:
        """Keep some factors, in this order."""
        chosen = [self.keys.index(key) for key in keys]
        self.keys, self.factors = keys, self.factors[chosen]
        self.covariance = self.covariance[np.ix_(chosen, chosen)]


def _keys(part: Part) -> tuple[Key, ...]:
    group = (_MACHINE, (part.name, part.group, ""))
    return (*group, part.key) if part.kind else group


def _deviation(key: Key) -> float:
    name, _, kind = key
    if not name:
        return _MACHINE_DEVIATION
    return _KIND_DEVIATION if kind else _GROUP_DEVIATION
