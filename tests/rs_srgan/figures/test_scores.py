import json
import math

import pytest

from rs_srgan.figures.scores import COMPARED, MEASURES, Scores, baseline, compared


def test_a_mean_is_over_the_scores_that_have_the_figure():
    mean = Scores.mean(
        [
            Scores(psnr_db=30, frc=(1.0, 0.5)),
            Scores(psnr_db=40, ssim=0.9, frc=(0.5, math.nan)),
            Scores(rmse=0.01),
        ]
    )
    assert (mean.psnr_db, mean.ssim, mean.rmse) == (35, 0.9, 0.01)
    assert mean.frc == (0.75, 0.5)
    assert math.isnan(mean.ergas)
    assert mean.band_psnr_db == ()


def test_infinity_is_null_in_json():
    content = Scores(psnr_db=math.inf, rmse=0.0, frc=(1.0, math.nan)).to_json()
    assert content == {"psnr_db": None, "rmse": 0.0, "frc": [1.0, None]}
    assert json.loads(json.dumps(content, allow_nan=False)) == content


@pytest.mark.parametrize("attribute", ["title", "short"])
def test_names_of_figures_are_unique(attribute):
    names = [getattr(measure, attribute) for measure in MEASURES.values()]
    assert len(set(names)) == len(names)


def test_the_classical_guided_method_is_the_baseline_where_there_is_one():
    assert compared(COMPARED) == COMPARED
    assert compared({"model", "hr", "glp", "bicubic", "back_projection"}) == (
        "bicubic",
        "back_projection",
        "glp",
        "model",
    )
    assert (baseline(COMPARED), baseline(("glp", *COMPARED))) == ("back_projection", "glp")
