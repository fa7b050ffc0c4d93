import math

import pytest

from rs_srgan import InputError
from rs_srgan.figures.accuracy import accuracy_of
from rs_srgan.figures.metrics import Group, Metrics
from rs_srgan.figures.scores import Scores
from rs_srgan.figures.tracks import Track


def group(protocol="simulated", **psnr_db):
    mean = {method: Scores(psnr_db=value, sensor=0.001) for method, value in psnr_db.items()}
    sites = {name: {**mean, "model": Scores(psnr_db=mean["model"].psnr_db + more)} for name, more in SITES}
    return Group.of_sites("title", protocol, True, mean, sites)


SITES = (("dell", -0.5), ("moor", 0.5))
ALONE = {"bicubic": 30.0, "back_projection": 31.0, "model": 31.6}


def test_gains_are_over_the_best_method_that_sees_the_same_input():
    alone, guided = (accuracy_of(Metrics("f", {"a": group(**each)})) for each in (ALONE, {**ALONE, "glp": 31.5}))
    assert (alone.baseline, guided.baseline) == ("bicubic + 3 back-projections", "MTF-GLP + back-projection")
    assert (alone.gain_db, guided.gain_db) == pytest.approx((0.6, 0.1))
    assert alone.over_bicubic_db == guided.over_bicubic_db == pytest.approx(1.6)
    assert guided.gain_range_db == pytest.approx((-0.4, 0.6))


def test_the_first_group_with_a_reference_stands_for_the_model():
    groups = {"real": group("real", **ALONE), "native": group(**ALONE), "chips": group(**{**ALONE, "model": 40.0})}
    assert accuracy_of(Metrics("f", groups)).model_db == 31.6


def test_several_revisits_are_judged_by_eight_views_of_track_a():
    mean = {"bicubic": {1: 30.0, 8: 30.0}, "shift_and_add": {1: 30.5, 8: 31.0}, "model": {1: 31.0, 8: 32.0}}
    found = accuracy_of(Metrics("f", tracks={"A": Track("a", True, mean, {}, None)}))
    assert (found.gain_db, found.over_bicubic_db) == (1, 2)
    assert "shift-and-add" in found.baseline
    assert math.isnan(found.gain_range_db[0])


def test_without_a_reference_nothing_stands_for_the_model():
    with pytest.raises(InputError, match="HR"):
        accuracy_of(Metrics("f", {"real": group("real", **ALONE)}))
