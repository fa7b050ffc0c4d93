import numpy as np
import pytest
import torch

from rs_srgan import InputError
from rs_srgan.evaluation.protocol import Figures, evaluate_image, evaluate_sites
from tests.conftest import scene_dn


@pytest.fixture
def hr():
    return scene_dn(64, 72).astype(np.float32) / 10_000


def test_a_silent_model_scores_at_least_like_three_back_projections(model, hr):
    """With the generator off what is left of the model is the consistency projection of bicubic."""
    with torch.no_grad():
        model.generator.tail.weight.zero_()
        model.generator.tail.bias.zero_()
    figures = evaluate_image(model, hr)
    assert figures.bicubic < figures.back_projection < figures.model < figures.back_projection + 0.1


def test_sizes_that_the_scale_does_not_divide_are_cut(model, hr):
    assert evaluate_image(model, hr) == evaluate_image(model, np.pad(hr, ((0, 0), (0, 3), (0, 1))))


def test_holes_do_not_count_against_anyone(model, hr):
    holed = hr.copy()
    holed[:, 10:14, 20:24] = np.nan
    whole, with_hole = evaluate_image(model, hr), evaluate_image(model, holed)
    assert with_hole.bicubic == pytest.approx(whole.bicubic, abs=0.3)
    assert with_hole.model == pytest.approx(whole.model, abs=0.3)


def test_the_border_does_not_count(model, hr):
    spoiled = hr.copy()
    spoiled[:, 0, :] = 9  # far enough from what counts: four HR pixels in, the blur has forgotten it
    clean, dirty = evaluate_image(model, hr), evaluate_image(model, spoiled)
    assert dirty.bicubic == pytest.approx(clean.bicubic, abs=0.05)
    with pytest.raises(InputError, match="32 x 60 pixels; expected more than 32"):
        evaluate_image(model, hr[:, :32, :60])


def test_every_site_counts_once_however_many_images_it_has(model, hr):
    other = hr[:, ::-1].copy() * 0.5
    sites = evaluate_sites(model, {"many": [hr, hr, hr], "one": [other]})
    assert vars(sites["many"]) == pytest.approx(vars(evaluate_image(model, hr)))
    mean = Figures.mean(sites.values())
    assert mean.model == pytest.approx((sites["many"].model + sites["one"].model) / 2)
    assert mean.gain == pytest.approx(mean.model - mean.back_projection)
