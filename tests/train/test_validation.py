import math

import pytest
import torch
from torch.utils.data import DataLoader

from tests.train.test_module import SMALL, trainer
from train.module import SISRModule
from train.validation import SPECTRUM_AT, ImageFigures, figures_of, group_means, logged, without_nan


def test_validation_averages_images_of_a_site_then_sites_then_groups():
    torch.manual_seed(0)
    sites = [("naip", "a"), ("naip", "a"), ("naip", "b"), ("sentinel2", "c")]
    items = [{"hr": torch.rand(4, 48, 48) * (i + 1), "lr": torch.rand(4, 12, 12)} for i in range(4)]
    items = [item | {"group": group, "site": site} for item, (group, site) in zip(items, sites, strict=True)]

    def figures(some):
        (found,) = trainer(max_steps=1).validate(SISRModule(config=SMALL), DataLoader(some, 1), verbose=False)
        return found

    each = [figures([item])["val/psnr"] for item in items]
    together = figures(items)
    assert max(each) - min(each) > 5
    assert together["val/psnr_naip"] == pytest.approx(((each[0] + each[1]) / 2 + each[2]) / 2, abs=0.02)
    assert together["val/psnr"] == pytest.approx((together["val/psnr_naip"] + each[3]) / 2, abs=0.02)


def test_figures_have_their_names_in_the_log():
    levels = [-1.0, -2.0, -3.0, -4.0]
    figures = [
        ImageFigures(0, "a", "x", [40.0, 38.0, 37.0, *levels]),
        ImageFigures(1, "b", "y", [30.0, 29.0, 28.0, *levels]),
    ]
    values = logged(group_means(figures))
    assert values["val/psnr"] == 35
    assert values["val/gain_a"] == 2
    assert values["val/gain"] == 1.5
    assert values["val/baseline"] == 33.5
    assert values["val/bicubic"] == 32.5
    assert [float(values[f"val/spectrum_b_{frequency}"]) for frequency in SPECTRUM_AT] == levels


def test_pixels_without_data_do_not_count():
    torch.manual_seed(0)
    hr = torch.rand(1, 4, 96, 96)
    sr, simple, plain = (hr + 0.01 * torch.randn_like(hr) * strength for strength in (1, 2, 3))
    whole = figures_of(sr, hr, simple, plain)
    holed, wrong = hr.clone(), sr.clone()
    holed[..., 30:60, 30:60] = math.nan
    wrong[..., 30:60, 30:60] = 9
    assert figures_of(wrong, holed, simple, plain)[:3] == pytest.approx(whole[:3], abs=0.1)
    assert figures_of(wrong, holed, simple, plain) == figures_of(sr, holed, simple, plain)


def test_a_site_without_data_leaves_the_mean_to_the_others():
    hr = torch.rand(1, 4, 48, 48)
    nothing = figures_of(hr, torch.full_like(hr, math.nan), hr, hr)
    assert all(map(math.isnan, nothing))
    figures = [ImageFigures(0, "a", "x", nothing), ImageFigures(1, "a", "y", [30.0, 29.0, 28.0, -1, -1, -1, -1])]
    assert logged(group_means(figures))["val/psnr"] == 30


def test_images_without_nan_stay_the_same_object():
    image = torch.rand(2, 3, 8, 8)
    assert without_nan(image) is image
    image[0, 1, 2, 3] = math.nan
    assert torch.isfinite(without_nan(image)).all()
    assert torch.equal(without_nan(image)[1], image[1])
