import pytest
import torch

from rs_srgan import SISR, InputError, SISRConfig
from rs_srgan.models.quantization import quantized_layers
from tests.train.test_module import SMALL
from train.start import start, with_changes


def test_another_scale_keeps_the_body_and_gets_a_new_tail(tmp_path):
    model = SISR(SISRConfig(scale=2, channels=16, blocks=1, uncertainty=True))
    model.save_pretrained(tmp_path)
    begun = start(SISRConfig(scale=8, channels=16, blocks=1), str(tmp_path), None)
    known = model.state_dict()
    for name, weight in begun.state_dict().items():
        assert ("tail" in name) != (name in known and torch.equal(known[name], weight)), name
    assert begun.scale == 8 and begun.uncertainty is None
    lr = torch.rand(1, 4, 8, 8) * 0.3
    with torch.no_grad():  # the new tail starts small, so the result is near bicubic
        assert (begun(lr) - SISR(begun.config).finish(lr, torch.zeros(1, 256, 8, 8))).abs().max() < 0.05


@pytest.mark.parametrize("keep", [False, True])
def test_a_model_whose_weights_will_change_is_no_longer_quantised(tmp_path, keep):
    model = SISR(SISRConfig(channels=16, blocks=1, quantized=True)).eval()
    model.save_pretrained(tmp_path)
    begun = start(None, str(tmp_path), None, keep_quantized=keep).eval()
    assert begun.config.quantized == keep
    assert bool(quantized_layers(begun)) == keep
    lr = torch.rand(1, 4, 8, 8) * 0.3
    with torch.no_grad():
        torch.testing.assert_close(begun(lr), model(lr), rtol=0, atol=0)


def test_other_bands_keep_the_weights_of_known_bands(tmp_path, caplog):
    torch.manual_seed(0)
    model = SISR(SISRConfig(channels=16, blocks=1)).eval()
    model.save_pretrained(tmp_path)
    bands = ("B02", "B11", "B04", "B03", "B08", "B12")
    with caplog.at_level("INFO"):
        begun = start(SISRConfig(channels=16, blocks=1, bands=bands), str(tmp_path), None)
    assert "mean of its weights: B11, B12" in caplog.text
    same = start(SISRConfig(channels=16, blocks=1, bands=("B08", "B03", "B02", "B04")), str(tmp_path), None).eval()
    lr = torch.rand(1, 4, 12, 12) * 0.3
    with torch.no_grad():
        torch.testing.assert_close(same(lr[:, [3, 1, 2, 0]]), model(lr)[:, [3, 1, 2, 0]], atol=1e-5, rtol=0)
        assert begun(torch.rand(1, 6, 12, 12)).shape == (1, 6, 48, 48)
    known, changed = model.state_dict()["generator.tail.weight"], begun.state_dict()["generator.tail.weight"]
    assert torch.equal(changed[:16], known[32:48])  # B02


def test_a_generator_that_extends_that_of_the_start_begins_near_its_result(tmp_path):
    model = SISR(SISRConfig(channels=16, blocks=2)).eval()
    model.save_pretrained(tmp_path)
    begun = start(SISRConfig(channels=16, blocks=2, generator="edsr_lka"), str(tmp_path), None).eval()
    lr = torch.rand(1, 4, 20, 20) * 0.3
    with torch.no_grad():
        assert (begun(lr) - model(lr)).abs().max() < 2e-3
    begun.save_pretrained(tmp_path / "far")
    with pytest.raises(InputError, match="generator"):
        start(SISRConfig(channels=16, blocks=2), str(tmp_path / "far"), None)


def test_an_edsr_with_more_blocks_than_its_start_begins_with_its_result(tmp_path):
    model = SISR(SISRConfig(channels=16, blocks=2)).eval()
    model.save_pretrained(tmp_path)
    begun = start(SISRConfig(channels=16, blocks=5), str(tmp_path), None).eval()
    lr = torch.rand(1, 4, 20, 20) * 0.3
    with torch.no_grad():
        assert torch.equal(begun(lr), model(lr))
    begun.save_pretrained(tmp_path / "deep")
    with pytest.raises(InputError, match="blocks"):
        start(SISRConfig(channels=16, blocks=2), str(tmp_path / "deep"), None)


def test_what_a_configuration_changes_is_named(tmp_path, caplog):
    """Expect also the fields that it leaves out, which have their usual values then."""
    own = SISRConfig(scale=2, channels=16, blocks=1, mtf_nyquist=(0.5,) * 4, reflectance_mean=0.3)
    SISR(own).save_pretrained(tmp_path)
    start(own, str(tmp_path), None)
    assert caplog.text == ""
    start(SISRConfig(channels=16, blocks=1, bands=("B02", "B03")), str(tmp_path), None)
    for words in ("scale is 2 and becomes 4", "mtf_nyquist is (0.5,", "reflectance_mean is 0.3 and becomes 0.15"):
        assert words in caplog.text
    assert "channels" not in caplog.text


def test_another_mtf_keeps_weights_and_what_is_trained():
    model = SISR(SISRConfig(channels=16, blocks=1))
    model.generator.head.requires_grad_(False)
    changed = with_changes(model, mtf_nyquist=(0.5,) * 4)
    assert changed.config.mtf_nyquist == (0.5,) * 4
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in changed.state_dict().items())
    assert [each.requires_grad for each in changed.parameters()] == [each.requires_grad for each in model.parameters()]
    lr = torch.rand(1, 4, 12, 12)
    assert not torch.allclose(changed(lr), model(lr))
    with pytest.raises(InputError, match="mtf_nyquist"):
        with_changes(model, mtf_nyquist=(0.5,))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "init_from"),
        ({"config": SISRConfig(channels=16, blocks=1, quantized=True)}, "quantized"),
        (
            {"config": SMALL, "init_from": "sisr-x4-rgbn"},
            "48",
        ),
    ],
)
def test_a_wrong_start_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        start(options.get("config"), options.get("init_from"), None)
