"""Scored: the arrays of an evaluated image fit its case and each other."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torchmetrics")

from rs_srgan import SISR, SISRConfig
from rs_srgan.evaluation.images import Case
from rs_srgan.evaluation.metrics.sensor import seen_again
from rs_srgan.evaluation.scoring import score
from tests.conftest import scene_dn


@pytest.fixture
def case():
    hr = scene_dn(96, 80).astype(np.float32) / 10_000
    return Case("a", "site", hr[:, ::2, ::2], hr, None, (0.3,) * 4, 1.0)


@pytest.fixture
def model():
    return SISR(SISRConfig(scale=2, channels=16, blocks=1)).eval()


def test_arrays_have_the_sizes_of_the_case(model, case):
    scored = score(model, case)
    assert scored.case is case
    assert scored.restored.model.shape == case.hr.shape
    assert scored.seen.shape == case.lr.shape
    assert scored.classes.shape == case.hr.shape[1:]
    assert scored.classes.dtype == np.int8
    assert set(scored.scores) == {"bicubic", "back_projection", "model", "hr"}


def test_seen_is_made_of_the_models_result_and_agrees_with_the_input(model, case):
    scored = score(model, case)
    np.testing.assert_array_equal(scored.seen, seen_again(scored.restored.model, 2, case.mtf_nyquist))
    far = np.abs(seen_again(scored.restored.bicubic, 2, case.mtf_nyquist) - case.lr)[:, 8:-8, 8:-8].mean()
    assert np.abs(scored.seen - case.lr)[:, 8:-8, 8:-8].mean() < far


def test_without_a_reference_there_are_no_classes_and_no_figures_of_it(model, case):
    scored = score(model, dataclasses.replace(case, hr=None))
    assert scored.classes is None
    assert set(scored.scores) == {"bicubic", "back_projection", "model"}


def test_it_cannot_be_changed(model, case):
    with pytest.raises(dataclasses.FrozenInstanceError):
        score(model, case).classes = None
