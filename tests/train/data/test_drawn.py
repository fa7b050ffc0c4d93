import math

import pytest
import torch

from rs_srgan.errors import InputError
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import psf_sigma
from train.data.drawn import DrawnConfig, coverage, with_lines

MTF = SENTINEL2.mtf_nyquist(RGBN)


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def crops(seed=0):
    return 0.1 + 0.02 * torch.rand(6, 4, 48, 40, generator=random(seed))


def test_nothing_is_drawn_unless_asked_for_and_no_random_number_is_used():
    generator, hr = random(), crops()
    assert with_lines(hr, 4, MTF, DrawnConfig(), generator) is hr
    assert torch.equal(torch.rand(3, generator=generator), torch.rand(3, generator=random()))


def test_all_crops_of_a_share_of_one_change_and_the_input_stays():
    hr = crops()
    before = hr.clone()
    drawn = with_lines(hr, 4, MTF, DrawnConfig(share=1.0), random())
    assert torch.equal(hr, before)
    assert all(not torch.equal(a, b) for a, b in zip(drawn, hr, strict=True))
    assert drawn.min() > 0


def test_the_seed_decides_what_is_drawn():
    def result(seed):
        return with_lines(crops(), 4, MTF, DrawnConfig(share=0.5), random(seed))

    assert torch.equal(result(3), result(3))
    assert not torch.equal(result(3), result(4))


def test_a_share_of_the_crops_is_drawn_on():
    hr = crops()[:1].expand(400, -1, -1, -1)
    changed = (with_lines(hr, 4, MTF, DrawnConfig(share=0.3), random()) != hr).flatten(1).any(1)
    assert 0.2 < changed.float().mean() < 0.4


@pytest.mark.parametrize("seed", range(8))
def test_a_straight_line_is_even_along_its_way(seed):
    """Its sum along rows or columns is the width over the cosine, wherever it lies."""
    sigma = psf_sigma(torch.tensor(MTF), 1)
    covered = coverage(200, 200, 3.0, sigma, 0.0, random(seed))
    assert covered.min() >= 0 and covered.max() <= 1
    angle = math.pi * float(torch.rand((), generator=random(seed)))
    steep = abs(math.cos(angle)) < abs(math.sin(angle))
    expected = 3.0 / max(abs(math.cos(angle)), abs(math.sin(angle)))
    sums = covered.sum(2 if steep else 1)
    inside = sums > 0.999 * expected
    assert inside.sum() > 20
    torch.testing.assert_close(sums[inside], torch.full_like(sums[inside], expected), rtol=0.01, atol=0)


def test_without_detail_only_lines_are_left():
    """On even ground a crop has its own brightness and that of one field."""
    hr = torch.full((20, 4, 32, 32), 0.1)
    drawn = with_lines(hr, 4, MTF, DrawnConfig(share=1.0, most=1, contrast=(0.05, 0.05), bend=0.0), random())
    far = (drawn - 0.1).abs()
    assert far.max() <= 0.07 + 1e-6
    assert (far.flatten(1).max(1).values > 0.01).all()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"share": 1.5}, "share"),
        ({"smooth_share": -0.1}, "smooth_share"),
        ({"width_lr_px": (0.0, 1.0)}, "width_lr_px"),
        ({"contrast": (0.2, 0.1)}, "contrast"),
        ({"most": 0}, "most"),
    ],
)
def test_wrong_settings_are_named(options, named):
    with pytest.raises(InputError, match=named):
        DrawnConfig(**options)
