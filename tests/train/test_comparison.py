import math

import pytest

from train.comparison import PlaceFigures, by_place, gains, verdict
from train.validation import ImageFigures


def test_figures_are_means_over_the_images_of_a_place():
    figures = [ImageFigures(0, "g", "a", [30.0, 29.0, 28.0, 0.0]), ImageFigures(1, "g", "a", [32.0, 31.0, 28.0, 0.0])]
    figures.append(ImageFigures(2, "g", "empty", [math.nan] * 4))
    assert by_place(figures) == {"a": PlaceFigures(31.0, 30.0, 28.0)}


def test_only_places_that_were_measured_twice_are_compared():
    now = {"a": PlaceFigures(31.0, 30.0, 28.0), "b": PlaceFigures(20.0, 20.0, 20.0)}
    assert gains(now, {"a": 30.5, "c": 10.0}) == {"a": 0.5}


def test_a_verdict_names_the_worst_place():
    better = verdict({"a": 0.5, "b": -0.1}, "the start")
    where = "of 2 validation places, but worse at 1 of them (worst: b, -0.10 dB)."
    assert better == f"Better than the start by 0.20 dB on average {where}"
    assert "but worse" not in verdict({"a": 0.5, "b": 0.1}, "the start")
    worse = verdict({"a": -0.5}, "the start")
    assert "Not better than the start: -0.50 dB" in worse and "Keep the model you had" in worse
    assert "Keep" not in verdict({"a": -0.5}, "the method without learning", "Train longer.")


@pytest.mark.parametrize("found", [{}])
def test_nothing_to_compare_is_said(found):
    assert "No validation place" in verdict(found, "the start")
