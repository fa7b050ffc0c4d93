import numpy as np
import pytest
import torch

from rs_srgan import InputError
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.models.misr import sisr_config
from tests.conftest import scene_dn

CONFIGS = {
    "innovation": MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1),
    "recursive": MISRConfig(fusion="recursive", channels=16, blocks=1, fusion_blocks=1),
}


@pytest.fixture(params=CONFIGS)
def misr(request) -> MISR:
    """With a fusion that does something."""
    return lively(CONFIGS[request.param])


def lively(config) -> MISR:
    torch.manual_seed(0)
    model = MISR(config).eval()
    with torch.no_grad():
        for parameter in model.fusion.parameters():
            parameter.normal_(0, 0.1)
        model.sisr.generator.tail.weight.mul_(10)
    return model


def stack_of(views, height=9, width=8):
    """Reflectance, mask and offsets."""
    torch.manual_seed(1)
    mask = torch.rand(1, views, height, width) > 0.3
    return torch.rand(1, views, 4, height, width), mask, torch.rand(1, views, 2, height, width) - 0.5


def test_weights_are_computed_where_an_engine_has_moved_the_model(misr, monkeypatch):
    """The device "meta" stands for a GPU; it has no values, so nothing is computed on it."""
    devices = []
    monkeypatch.setattr(
        misr.fusion, "weights", lambda _, *given: devices.extend(each.device.type for each in given[:3])
    )
    misr.to("meta").weights(*stack_of(3))
    assert devices == ["meta"] * 3


def test_one_view_is_the_sisr_model(misr):
    lr = torch.rand(2, 4, 9, 8)
    with torch.no_grad():
        torch.testing.assert_close(misr(lr[:, None]), misr.sisr(lr), rtol=0, atol=0)


@pytest.mark.parametrize("views", [2, 3, 4, 5, 7])
def test_every_view_counts_and_the_reference_leads(misr, views):
    stack = torch.rand(1, views, 4, 9, 8)
    with torch.no_grad():
        sr = misr(stack)
        assert sr.shape == (1, 4, 36, 32)
        for index in range(views):
            other = stack.clone()
            other[:, index] += 0.1
            assert not torch.equal(misr(other), sr), index
        assert not torch.equal(misr(stack, reference=1), sr)


def test_masked_pixels_do_not_affect_the_result(misr):
    stack, mask, offsets = stack_of(4)
    hidden = stack.clone()
    hidden[:, 1:][~mask[:, 1:, None].expand_as(hidden[:, 1:])] = torch.nan
    with torch.no_grad():
        torch.testing.assert_close(misr(hidden, mask, offsets), misr(stack, mask, offsets), rtol=0, atol=0)


def test_a_hidden_or_distant_view_has_no_effect():
    misr = lively(CONFIGS["innovation"])
    stack, mask, offsets = stack_of(4)
    nothing, far = mask.clone(), offsets.clone()
    nothing[:, 3], far[:, 3, 0] = False, 0.7
    with torch.no_grad():
        without = misr(stack[:, :3], mask[:, :3], offsets[:, :3])
        torch.testing.assert_close(misr(stack, nothing, offsets), without, rtol=0, atol=0)
        torch.testing.assert_close(misr(stack, mask, far), without, rtol=0, atol=0)
        alone = misr.sisr(stack[:, 0], pad=False)
        torch.testing.assert_close(misr(stack, torch.zeros_like(mask), offsets, pad=False), alone, rtol=0, atol=0)


def test_the_order_of_the_views_does_not_matter():
    misr = lively(CONFIGS["innovation"])
    stack, mask, offsets = stack_of(5)
    order = [4, 2, 0, 3, 1]
    with torch.no_grad():
        moved = misr(stack[:, order], mask[:, order], offsets[:, order], reference=2)
        torch.testing.assert_close(moved, misr(stack, mask, offsets), rtol=0, atol=2e-6)


@pytest.mark.parametrize("fusion", CONFIGS)
def test_nothing_beyond_the_receptive_field_matters(fusion):
    misr = lively(CONFIGS[fusion])
    reach = misr.receptive_field
    side = 2 * reach + 5
    stack, mask, offsets = stack_of(3, side, side)
    stack.requires_grad_()
    middle = (side // 2) * 4
    misr(stack, mask, offsets)[0, :, middle : middle + 4, middle : middle + 4].sum().backward()
    where = stack.grad[0].abs().sum((0, 1)).nonzero()
    assert (where - side // 2).abs().max() <= reach
    assert (where - side // 2).abs().max() >= reach - (2 if fusion == "innovation" else 9)  # of the latter, T = 16


def test_the_result_does_not_depend_on_the_tile_size():
    misr = lively(CONFIGS["innovation"])
    random = np.random.default_rng(0)
    images = [random.random((4, 80, 90), dtype=np.float32) for _ in range(3)]
    whole = misr.predict(images, tile=1000)
    np.testing.assert_allclose(misr.predict(images, tile=32), whole, rtol=0, atol=2e-6)
    np.testing.assert_allclose(misr.predict(images[:1]), misr.sisr.predict(images[0]), rtol=0, atol=2e-6)


def test_nodata_of_the_reference_stays_nodata(tmp_path):
    misr = lively(CONFIGS["innovation"])
    images = [np.full((4, 20, 20), 0.2, np.float32) for _ in range(2)]
    images[1][:, 3, 4] = np.nan
    sr = misr.predict(images, reference=1)
    assert np.isnan(sr[:, 12:16, 16:20]).all() and np.isnan(sr).sum() == 64
    assert np.isfinite(misr.predict(images)).all()


def test_an_untrained_fusion_gives_the_sisr_model(misr, tmp_path):
    torch.manual_seed(0)
    sisr = SISR(sisr_config(misr.config)).eval()
    model = MISR.from_sisr(sisr, misr.config).eval()
    stack = torch.rand(1, 3, 4, 9, 8)
    with torch.no_grad():
        torch.testing.assert_close(model(stack, pad=False), sisr(stack[:, 0], pad=False), rtol=0, atol=0)
    model.save_pretrained(tmp_path)
    again = MISR.from_pretrained(tmp_path)
    assert again.config == misr.config
    with pytest.raises(InputError, match="scale"):
        MISR.from_sisr(SISR(SISRConfig(scale=2, channels=16, blocks=1)), misr.config)


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((1, 4, 8, 8), {}, "views"),
        ((1, 2, 3, 8, 8), {}, "views"),
        ((1, 2, 4, 8, 8), {"reference": 2}, "reference"),
        ((1, 2, 4, 8, 8), {"mask": torch.ones(1, 2, 8, 7, dtype=torch.bool)}, "mask"),
        ((1, 2, 4, 8, 8), {"offsets": torch.zeros(1, 2, 8, 8)}, "offsets"),
    ],
)
def test_other_shapes_are_refused(misr, shape, options, words):
    with pytest.raises(ValueError, match=words):
        misr(torch.rand(shape), **options)


@pytest.mark.parametrize(
    "change",
    [
        {"fusion": "mean"},
        {"fusion_blocks": 65},
        {"fusion_channels": 20},
        {"scale": 2, "guide_bands": ("B11",)},
    ],
)
def test_a_configuration_out_of_range_is_refused(change):
    with pytest.raises(InputError, match=next(reversed(change))):
        MISRConfig(**change)


def test_the_same_array_twice_is_one_view(misr, caplog):
    first, second = (scene_dn(24, 28, seed=seed) / np.float32(1e4) for seed in (0, 1))
    expected = misr.predict([first, second], reference=1)
    assert caplog.text == ""
    np.testing.assert_array_equal(misr.predict([first, first, second, second.copy()], reference=2), expected)
    assert "View 1 has the same pixels as view 0" in caplog.text and "View 3" in caplog.text
    masks = [None, np.ones((24, 28), bool), None]
    np.testing.assert_array_equal(misr.predict([first, second, first], masks, reference=1), expected)
