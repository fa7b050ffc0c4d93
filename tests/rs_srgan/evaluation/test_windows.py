"""Slow: python -m pytest -m slow tests/rs_srgan/evaluation/test_windows.py."""

import dataclasses
import json

import numpy as np
import pytest

from rs_srgan.evaluation import evaluate
from tests.conftest import scene_dn


@pytest.mark.slow
def test_the_report_of_a_cluster_is_that_of_one_machine(model, write_tif, tmp_path):
    pytest.importorskip("ray")
    (tmp_path / "in").mkdir()
    for seed in range(3):
        write_tif(scene_dn(200, 220, seed=seed), f"in/place{seed}.tif")
    counts = []
    here = evaluate(tmp_path / "in", model, pictures=1)
    there = evaluate(tmp_path / "in", model, pictures=1, ray=True, progress=lambda done, total: counts.append(done))
    assert counts == [1, 2, 3]
    one, other = (json.loads(json.dumps(report.to_json())) for report in (here, there))
    assert [each["name"] for each in one["images"]] == [each["name"] for each in other["images"]]
    for first, second in zip(here.images, there.images, strict=True):
        for method, scores in first.scores.items():
            for name, value in dataclasses.asdict(scores).items():
                np.testing.assert_allclose(getattr(second.scores[method], name), value, rtol=1e-4, atol=1e-6)
    assert [each.role for each in here.pictures] == [each.role for each in there.pictures]
