import dataclasses

import pytest

from rs_srgan import InputError
from rs_srgan.figures.metrics import Group, Metrics
from rs_srgan.publishing.card_figures import figures
from tests.conftest import squeeze
from tests.rs_srgan.publishing.conftest import make_group, make_scores

GUIDED = {"bicubic": 30.0, "back_projection": 31.0, "glp": 39.0, "model": 39.3}
BANDS = ("B04", "B03", "B02", "B08")


def text(metrics):
    return squeeze(figures(metrics, BANDS)).replace("\n", " ")


def test_the_tables_hold_the_figures(metrics):
    found = text(metrics)
    assert "| Sentinel-2, 40 m to 10 m, 1 site | 30.00 | 31.00 | 32.50 | **+1.50** | +1.50 to +1.50 | 0.5000 |" in found
    assert "| dell | 30.00 | 31.00 | 32.50 | +1.50 |" in found
    assert "| B08 | 30.00 | 31.00 | 32.50 | +1.50 |" in found
    assert "81.0 %" in found


def test_a_title_makes_no_claim_about_training():
    """Only the flag says that sites are unseen, whatever the title looks like."""
    found = text(Metrics("f", {"a": make_group("Sentinel-2, my fields", None)}))
    assert "Training did" not in found and "Training used" not in found and "unseen" not in found
    assert "Training did not use these sites." in text(Metrics("f", {"a": make_group("my fields", True)}))
    assert "Training used these sites." in text(Metrics("f", {"a": make_group("Sentinel-2, my fields", False)}))


def test_uncertainty_makes_no_claim_that_was_not_stated(metrics):
    unknown = dataclasses.replace(metrics, groups={"sentinel2": make_group(unseen=None)})
    assert "Training did not use" not in text(unknown)


def make_guided_group():
    """Make the figures of a model with a guide, at two sites."""
    mean = {method: make_scores(psnr) for method, psnr in GUIDED.items()}
    sites = {"dell": {**GUIDED, "model": 40.0}, "hill": {**GUIDED, "model": 38.6}}
    return Group("20 m", "simulated", True, mean, sites)


def test_gains_of_guided_models_are_over_the_method_that_sees_the_guide():
    found = text(Metrics("f", {"a": make_guided_group()}))
    assert "gain over MTF-GLP + back-projection, dB | range over sites" in found
    assert "| 20 m, 2 sites | 30.00 | 31.00 | 39.00 | 39.30 | **+0.30** | -0.40 to +1.00 |" in found
    assert "| hill | 30.00 | 31.00 | 39.00 | 38.60 | -0.40 |" in found
    assert "| B08 | 30.00 | 31.00 | 39.00 | 39.30 | +0.30 |" in found


def test_groups_without_the_classical_guided_method_stand_in_the_same_table():
    """Figures of an older version do not have it."""
    found = text(Metrics("f", {"a": make_guided_group(), "b": make_group("older")}))
    assert "| older, 1 site | 30.00 | 31.00 | | 32.50 | **+1.50** |" in found


def test_real_images_have_only_the_figures_that_need_no_reference():
    real = dataclasses.replace(make_group("fields"), protocol="real")
    found = text(Metrics("f", {"a": real}))
    assert "| fields, real | model | 0.00100 |" in found
    assert "PSNR" not in found


def test_amounts_of_detail_are_listed_with_their_loss(metrics):
    detail = {"0": {"sentinel2": make_scores(33.0)}, "1": {"sentinel2": make_scores(32.5)}}
    found = text(dataclasses.replace(metrics, detail=detail))
    assert "| detail 0 | +0.00 dB |" in found and "| detail 1 | -0.50 dB |" in found


def test_figures_of_other_bands_are_refused(metrics):
    with pytest.raises(InputError, match="band_psnr_db"):
        figures(metrics, BANDS[:3])
