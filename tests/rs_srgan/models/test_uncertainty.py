import pytest
import torch

from rs_srgan import SISR, InputError, SISRConfig, load_model
from rs_srgan.models.generators import GENERATORS


def model(generator="edsr", scale=4) -> SISR:
    torch.manual_seed(0)
    return SISR(SISRConfig(generator=generator, scale=scale, channels=16, blocks=2, uncertainty=True)).eval()


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("scale", [2, 8])
def test_the_head_keeps_sr_and_gives_a_width_for_each_value(generator, scale):
    with_head = model(generator, scale)
    lr = torch.rand(2, 4, 9, 11) * 0.3
    with torch.no_grad():
        sr, half_width = with_head.with_uncertainty(lr)
        torch.testing.assert_close(sr, with_head(lr), rtol=0, atol=0)
    assert half_width.shape == sr.shape
    assert (half_width > 0).all()


def test_each_band_has_its_factor():
    with_head = model()
    lr = torch.rand(1, 4, 8, 8) * 0.3
    with torch.no_grad():
        _, before = with_head.with_uncertainty(lr)
        with_head.uncertainty.factor.copy_(torch.tensor([1.0, 2.0, 3.0, 0.5]))
        _, after = with_head.with_uncertainty(lr)
    for band, factor in enumerate((1.0, 2.0, 3.0, 0.5)):
        torch.testing.assert_close(after[:, band], factor * before[:, band])


def test_a_window_with_a_halo_gives_the_pixels_of_the_whole_image():
    with_head = model()
    halo = with_head.receptive_field
    lr = torch.rand(1, 4, 2 * halo + 9, 2 * halo + 12) * 0.3
    with torch.no_grad():
        whole = with_head.with_uncertainty(lr, margin=halo)
        part = with_head.with_uncertainty(lr[..., 3:, 5:], margin=halo)
    for of_whole, of_part in zip(whole, part, strict=True):
        torch.testing.assert_close(of_part, of_whole[..., 12:, 20:], rtol=0, atol=1e-6)


def test_it_is_saved_with_the_model(tmp_path):
    with_head = model()
    with_head.uncertainty.factor.fill_(1.7)
    with_head.save_pretrained(tmp_path)
    lr = torch.rand(1, 4, 8, 8)
    with torch.no_grad():
        for a, b in zip(with_head.with_uncertainty(lr), load_model(tmp_path).with_uncertainty(lr), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_a_model_without_a_head_is_refused():
    with pytest.raises(InputError, match="uncertainty"):
        SISR(SISRConfig(channels=16, blocks=1)).with_uncertainty(torch.rand(1, 4, 8, 8))
