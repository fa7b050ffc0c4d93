import math

import numpy as np
import pytest

pytest.importorskip("torchmetrics")

from rs_srgan import SISR, SISRConfig
from rs_srgan.evaluation.images import Case
from rs_srgan.evaluation.metrics.opensr import NOT_JUDGED
from rs_srgan.evaluation.protocol import BORDER_HR_PX
from rs_srgan.evaluation.scoring import score
from tests.conftest import scene_dn


@pytest.fixture
def case():
    hr = scene_dn(96, 96).astype(np.float32) / 10_000
    return Case("a", "site", hr[:, ::2, ::2], hr, None, (0.3,) * 4, 1.0)


@pytest.mark.parametrize("uncertain", [True, False])
def test_only_models_with_uncertainty_have_its_figures(case, uncertain):
    model = SISR(SISRConfig(scale=2, channels=16, blocks=1, uncertainty=uncertain)).eval()
    scores = score(model, case).scores
    assert np.isfinite([scores["model"].coverage, scores["model"].rank]).all() == uncertain
    assert math.isnan(scores["bicubic"].coverage)


def test_classes_cover_the_image_and_leave_out_the_border(case):
    classes = score(SISR(SISRConfig(scale=2, channels=16, blocks=1)).eval(), case).classes
    assert classes.shape == (96, 96)
    assert (classes[:BORDER_HR_PX] == NOT_JUDGED).all()
    assert (classes[BORDER_HR_PX:-BORDER_HR_PX, BORDER_HR_PX:-BORDER_HR_PX] != NOT_JUDGED).any()
