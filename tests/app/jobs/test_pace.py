import dataclasses
from pathlib import Path

import numpy as np
import pytest

from app.jobs.pace import Pace
from app.jobs.request import Request

ONE = Request(Path(), ("a",))


def learned(start: float, per_px: float, request=ONE, sizes=(1e4, 1e5, 1e6)) -> Pace:
    pace = Pace()
    pace.learn(request, int(sizes[0]), 5 + start + per_px * sizes[0])  # the first job loads the model
    for px in sizes:
        pace.learn(request, int(px), start + per_px * px)
    return pace


@pytest.mark.parametrize(("start", "per_px"), [(0.5, 1e-6), (4, 1e-5), (2, 3e-5)])
def test_a_start_and_a_pace_are_learned_from_a_few_jobs(start, per_px):
    pace = learned(start, per_px)
    for px in (2e4, 3e5, 2e6):
        assert 1 / 1.2 < pace.seconds(ONE, int(px)) / (start + per_px * px) < 1.2


def test_the_latest_jobs_count_most():
    pace = learned(1, 1e-5)
    for px in (1e4, 1e5, 1e6) * 3:
        pace.learn(ONE, int(px), 3 * (1 + 1e-5 * px))  # the machine is busy now
    assert pace.seconds(ONE, 1_000_000) > 2 * 11


def test_models_options_and_revisits_have_their_own_pace():
    other, unsure = Request(Path(), ("b",)), dataclasses.replace(ONE, uncertainty=True)
    several = dataclasses.replace(ONE, others=(Path(),))
    pace, fresh = learned(9, 1e-4), Pace()
    for request in (other, unsure, several):
        assert pace.seconds(request, 10_000) == fresh.seconds(request, 10_000)
    both = dataclasses.replace(ONE, models=("a", "b"))
    expected = pace.seconds(ONE, 5_000) + pace.seconds(other, 5_000)
    assert pace.seconds(both, 10_000) == pytest.approx(expected)
    pace.learn(both, 10_000, 1000)  # it is not known which of them took the time
    assert pace.seconds(both, 10_000) == pytest.approx(expected)


def test_no_estimate_is_negative():
    random = np.random.default_rng(0)
    pace = Pace()
    for px in random.integers(100, 10**6, 20):
        pace.learn(ONE, int(px), float(random.uniform(0.01, 100)))
        assert pace.seconds(ONE, 1) >= 0 and pace.seconds(ONE, 10**8) > 0
