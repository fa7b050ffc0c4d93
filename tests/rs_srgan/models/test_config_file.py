import dataclasses
import json

import pytest
import torch

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, load_model
from rs_srgan.models.config_file import ABSENT_IN_FORMAT_1, read_config, read_model_class, write_config


def as_format_1(folder, **changes):
    """Rewrite a folder's config.json as rs_srgan wrote it before format 2."""
    path = folder / "config.json"
    content = json.loads(path.read_text()) | {"format_version": 1}
    old = {key: value for key, value in content.items() if key not in ABSENT_IN_FORMAT_1}
    path.write_text(json.dumps(old | changes))
    return folder


GUIDED = SISRConfig(scale=2, bands=("B11",), guide_bands=("B08",), adds_to="mtf-glp", channels=16, blocks=1)


@pytest.mark.parametrize(
    "config", [SISRConfig(sensor="landsat-oli", bands=("B4",)), MISRConfig(sharpen_limit=0.2), GUIDED]
)
def test_a_written_config_is_read_back(config, tmp_path):
    path = tmp_path / "config.json"
    write_config(path, "Any", config)
    assert read_config(path, type(config)) == config
    assert read_model_class(path) == "Any"


def test_a_folder_of_format_3_has_no_layers_for_int8(model, model_folder):
    path = model_folder / "config.json"
    content = json.loads(path.read_text()) | {"format_version": 3}
    del content["quantized"]
    path.write_text(json.dumps(content))
    loaded = load_model(model_folder)
    assert not loaded.config.quantized
    assert loaded.fingerprint() == model.fingerprint()


@pytest.mark.parametrize("model", [SISR(SISRConfig(channels=16, blocks=1)), MISR(MISRConfig(channels=16, blocks=1))])
def test_a_folder_of_format_1_gives_the_same_pixels(model, tmp_path):
    model.eval().save_pretrained(tmp_path)
    loaded = load_model(as_format_1(tmp_path))
    assert loaded.config == model.config
    assert loaded.fingerprint() == model.fingerprint()
    image = torch.rand(1, 2, 4, 16, 16) if model.config.several else torch.rand(1, 4, 16, 16)
    torch.testing.assert_close(loaded(image), model(image), rtol=0, atol=0)


def test_a_folder_of_format_1_may_name_a_constant_of_its_time(model, model_folder):
    loaded = load_model(as_format_1(model_folder, sharpen_limit=0.15))
    assert loaded.config.sharpen_limit == 0.15
    lr = torch.rand(1, 4, 16, 16)
    assert not torch.equal(loaded(lr), model(lr))
    assert loaded.fingerprint() != model.fingerprint()


def test_a_folder_of_format_2_adds_to_bicubic(tmp_path):
    model = SISR(dataclasses.replace(GUIDED, adds_to="bicubic")).eval()
    model.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    content = json.loads(path.read_text())
    assert content.pop("adds_to") == "bicubic"
    path.write_text(json.dumps(content | {"format_version": 2}))
    loaded = load_model(tmp_path)
    assert (loaded.config, loaded.fingerprint()) == (model.config, model.fingerprint())
    path.write_text(json.dumps(content | {"format_version": 3}))
    with pytest.raises(InputError, match="adds_to"):
        load_model(tmp_path)


def test_a_folder_of_format_3_gives_the_same_pixels(tmp_path):
    model = SISR(GUIDED).eval()
    torch.nn.init.normal_(model.generator.tail.weight, std=0.1)
    model.save_pretrained(tmp_path)
    loaded = load_model(tmp_path)
    lr, guide = torch.rand(1, 1, 9, 8), torch.rand(1, 1, 18, 16)
    torch.testing.assert_close(loaded(lr, guide), model(lr, guide), rtol=0, atol=0)
    assert loaded.fingerprint() != SISR(dataclasses.replace(GUIDED, adds_to="bicubic")).fingerprint()


def test_constants_of_format_1_are_those_of_the_bundled_models():
    config = load_model("misr-x4-rgbn").config
    assert {key: getattr(config, key) for key in ABSENT_IN_FORMAT_1} == ABSENT_IN_FORMAT_1


def test_format_2_must_give_every_constant(model_folder):
    path = model_folder / "config.json"
    content = json.loads(path.read_text())
    del content["sharpen_limit"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="sharpen_limit"):
        load_model(model_folder)
