"""Estimates of time: a server learns its own pace, part by part."""

import numpy as np
import pytest

from app.jobs.pace import Pace
from app.jobs.parts import Part


def laps(px: float, kind: str = "a", group: str = "") -> tuple[tuple[Part, ...], ...]:
    """Return a job of three laps: a start with the first pixels, the others, and an end."""
    first = min(px, 60_000)
    return (
        (Part("start", 1.0, group, kind), Part("compute", first * 1e-5, group, kind)),
        (Part("compute", (px - first) * 1e-5, group, kind),),
        (Part("write", 0.1 + px * 1e-6),),
    )


def true_seconds(px: float, start: float, compute: float, write: float, kind: str = "a") -> list[float]:
    (started, first), (rest,), (written,) = laps(px, kind)
    return [start * started.seconds + compute * first.seconds, compute * rest.seconds, write * written.seconds]


@pytest.mark.parametrize("factors", [(1, 1, 1), (0.2, 0.25, 0.3), (4, 3, 2), (1, 2, 1), (2, 1, 0.7)])
def test_a_few_jobs_tell_the_pace_of_all_sizes(factors):
    pace = Pace()
    for px in (5_000, 50_000, 600_000):
        pace.learn(laps(px), true_seconds(px, *factors))
    for px in (3_000, 200_000, 5_000_000):
        assert 1 / 1.5 < pace.seconds(laps(px)) / sum(true_seconds(px, *factors)) < 1.5


def test_a_slow_machine_is_slow_for_models_that_it_has_not_run_yet():
    pace, fresh = Pace(), Pace()
    for _ in range(3):
        pace.learn(laps(300_000), true_seconds(300_000, 4, 4, 4))
    assert 2 < pace.seconds(laps(300_000, "b")) / fresh.seconds(laps(300_000, "b")) < 4.5


def test_a_model_that_has_not_run_yet_has_the_pace_of_others_with_its_engine():
    pace = Pace()
    for kind in "abc":
        pace.learn(laps(300_000, kind, "int8"), true_seconds(300_000, 1, 3, 1))
        pace.learn(laps(300_000, kind, "small"), true_seconds(300_000, 1, 0.7, 1))
    for group, factor in (("int8", 3), ("small", 0.7)):
        expected = sum(true_seconds(300_000, 1, factor, 1))
        assert pace.seconds(laps(300_000, "new", group)) == pytest.approx(expected, rel=0.2)


def test_models_that_were_used_longest_ago_are_forgotten():
    pace = Pace()
    for number in range(200):
        pace.learn(laps(300_000, str(number)), true_seconds(300_000, 1, 2, 1))
    assert len(pace.keys) == len(pace.factors) == len(pace.covariance) == 100
    assert ("compute", "", "199") in pace.keys
    assert ("compute", "", "0") not in pace.keys


def test_one_busy_moment_does_not_spoil_what_many_jobs_told():
    pace = Pace()
    for _ in range(8):
        pace.learn(laps(300_000), true_seconds(300_000, 1, 1, 1))
    before = pace.seconds(laps(300_000))
    pace.learn(laps(300_000), true_seconds(300_000, 3, 3, 3))
    assert pace.seconds(laps(300_000)) < 2.3 * before
    for _ in range(4):  # the machine stays busy
        pace.learn(laps(300_000), true_seconds(300_000, 3, 3, 3))
    assert pace.seconds(laps(300_000)) > 2.4 * before


def test_estimates_stay_positive_and_finite_whatever_is_measured():
    random = np.random.default_rng(0)
    pace = Pace()
    for _ in range(60):
        px = random.integers(1, 10**7)
        pace.learn(laps(px), random.choice([0.0, 1e-9, 0.5, 1e5], 3).tolist())
        assert 0 < pace.seconds(laps(1)) < np.inf
