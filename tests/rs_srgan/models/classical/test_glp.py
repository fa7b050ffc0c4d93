"""GLP: detail of coarse bands from finer bands."""

import torch
from torch.nn import functional as F

from rs_srgan.models.classical.glp import GLP
from rs_srgan.sensors.mtf import degrade

SCALE, MTF = 2, 0.3


def make_scene():
    """Return a coarse band that is a sum of two guide bands, the guide, and the fine band, with fine stripes."""
    rows, cols = torch.meshgrid(torch.arange(128.0), torch.arange(120.0), indexing="ij")
    first = 0.2 + 0.05 * torch.sin(rows * 1.9) * torch.cos(cols * 0.3)
    second = 0.3 + 0.05 * torch.cos(cols * 2.1 + rows * 0.2)
    guide = torch.stack([first, second])[None]
    fine = 0.7 * guide[:, :1] + 0.4 * guide[:, 1:]
    return degrade(fine, SCALE, (MTF,)), guide, fine


def test_detail_of_a_sum_of_guide_bands_is_recovered():
    lr, guide, fine = make_scene()
    detail = F.pixel_shuffle(GLP(SCALE, (MTF,), (MTF, MTF))(lr, guide), SCALE)
    bicubic = F.interpolate(lr, scale_factor=SCALE, mode="bicubic")
    inner = (..., slice(16, -16), slice(16, -16))
    before, after = ((fine - image)[inner].square().mean().sqrt() for image in (bicubic, bicubic + detail))
    assert after < 0.2 * before


def test_an_even_guide_has_no_detail():
    lr, guide, _ = make_scene()
    detail = GLP(SCALE, (MTF,), (MTF, MTF))(lr, torch.full_like(guide, 0.25))
    assert detail.abs().max() < 1e-5


def test_twice_the_contrast_has_twice_the_detail():
    lr, guide, _ = make_scene()
    glp = GLP(SCALE, (MTF,), (MTF, MTF))
    torch.testing.assert_close(glp(2 * lr - 0.1, guide), 2 * glp(lr, guide), rtol=1e-3, atol=1e-5)


def test_a_tile_with_its_halo_is_exact():
    lr, guide, _ = make_scene()
    glp = GLP(SCALE, (MTF,), (MTF, MTF))
    reach = glp.reach_lr_px
    rows = slice(30 - reach, 34 + reach)
    cut = glp(lr[..., rows, :], guide[..., SCALE * rows.start : SCALE * rows.stop, :])
    torch.testing.assert_close(cut[..., reach : reach + 4, :], glp(lr, guide)[..., 30:34, :], atol=1e-5, rtol=0)
