import pytest
import torch

from rs_srgan import InputError
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.models.misr import sisr_config

CONFIG = MISRConfig(fusion="recursive", channels=16, blocks=1)


@pytest.fixture
def misr() -> MISR:
    """With a fusion that does something."""
    torch.manual_seed(0)
    model = MISR(CONFIG).eval()
    with torch.no_grad():
        model.fusion.out.weight.normal_(0, 0.1)
        model.sisr.generator.tail.weight.mul_(10)
    return model


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


def test_what_is_masked_does_not_show(misr):
    stack = torch.rand(1, 4, 4, 9, 8)
    mask = torch.ones(1, 4, 9, 8, dtype=torch.bool)
    mask[:, 2, 3:6, 3:6] = False
    hidden = stack.clone()
    hidden[:, 2, :, 3:6, 3:6] = 7.0
    with torch.no_grad():
        torch.testing.assert_close(misr(hidden, mask), misr(stack, mask), rtol=0, atol=0)


def test_it_begins_as_its_sisr_model(tmp_path):
    torch.manual_seed(0)
    sisr = SISR(sisr_config(CONFIG)).eval()
    model = MISR.from_sisr(sisr, CONFIG).eval()
    stack = torch.rand(1, 3, 4, 9, 8)
    with torch.no_grad():
        torch.testing.assert_close(model(stack), sisr(stack[:, 0]), rtol=0, atol=0)
    model.save_pretrained(tmp_path)
    again = MISR.from_pretrained(tmp_path)
    assert again.config == CONFIG
    with pytest.raises(InputError, match=r"another architecture than SISR: scale 4, not 2"):
        MISR.from_sisr(SISR(SISRConfig(scale=2, channels=16, blocks=1)), CONFIG)


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((1, 4, 8, 8), {}, "expected .batch, views, 4"),
        ((1, 2, 3, 8, 8), {}, "expected .batch, views, 4"),
        ((1, 2, 4, 8, 8), {"reference": 2}, "view 2 of 2"),
        ((1, 2, 4, 8, 8), {"mask": torch.ones(1, 2, 8, 7, dtype=torch.bool)}, "The mask has shape"),
    ],
)
def test_other_shapes_are_refused(misr, shape, options, words):
    with pytest.raises(ValueError, match=words):
        misr(torch.rand(shape), **options)


@pytest.mark.parametrize("change", [{"fusion": "mean"}, {"fusion_blocks": 65}, {"scale": 2, "guide_bands": ("B11",)}])
def test_a_configuration_out_of_range_is_refused(change):
    with pytest.raises(InputError, match=next(reversed(change))):
        MISRConfig(**{"fusion": "recursive"} | change)
