import dataclasses
import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, load_model

LOADERS = [SISR.from_pretrained, load_model]


both_ways = pytest.mark.parametrize("load", LOADERS, ids=["from_pretrained", "load_model"])


def edit_config(folder, **changes):
    path = folder / "config.json"
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def edit_weights(folder, edit):
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors")


@both_ways
def test_a_saved_model_comes_back_the_same(load, model, model_folder):
    loaded = load(model_folder)
    assert loaded.config == model.config
    assert not loaded.training
    assert loaded.name == "small-model"
    lr = torch.rand(1, 4, 16, 16)
    torch.testing.assert_close(loaded(lr), model(lr), rtol=0, atol=0)


def with_config(model, **changes):
    """Return a model with the same weights and another configuration."""
    changed = SISR(dataclasses.replace(model.config, **changes))
    changed.load_state_dict(model.state_dict())
    return changed


def test_models_that_compute_the_same_have_one_fingerprint(model, model_folder):
    assert load_model(model_folder).fingerprint() == model.fingerprint()
    assert with_config(model, base_model="sisr-x4-rgbn").fingerprint() == model.fingerprint()
    free = with_config(model, consistent=False)
    assert with_config(free, sharpen_limit=0.2, sharpen_reach_lr_px=2).fingerprint() == free.fingerprint()


@pytest.mark.parametrize(
    "change", [{"sharpen_limit": 0.2}, {"sharpen_reach_lr_px": 2}, {"psf_width_lr_px": 7}, {"consistent": False}]
)
def test_models_that_compute_something_else_have_another_fingerprint(model, change):
    lr, changed = torch.rand(1, 4, 16, 16), with_config(model, **change)
    assert not torch.equal(changed(lr), model(lr))
    assert changed.fingerprint() != model.fingerprint()


def test_other_weights_have_another_fingerprint(model, model_folder):
    edit_weights(model_folder, lambda tensors: next(iter(tensors.values())).add_(1e-3))
    assert load_model(model_folder).fingerprint() != model.fingerprint()


def test_every_field_of_the_configuration_is_saved(tmp_path):
    config = SISRConfig(2, ("B05", "B11"), ("B04",), "edsr", "tanh", 16, 3, False, (0.3, 0.4), 0.2, 0.3)
    SISR(config).save_pretrained(tmp_path)
    assert SISR.from_pretrained(tmp_path).config == config


@both_ways
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_class": "MISR"}, "MISR|fusion"),
        ({"model_class": "GAN"}, "GAN"),
        ({"model_class": None}, "model_class"),
        ({"format_version": 5}, "Upgrade"),
        ({"format_version": 0}, "Save"),
        ({"format_version": True}, "True"),
        ({"reflectance_std": None}, "reflectance_std"),
        ({"chanels": 16}, "channels"),
        ({"scale": 2}, "describes"),
        ({"channels": 1024, "blocks": 256}, "belong"),  # 19 GB, which are not allocated
    ],
)
def test_an_invalid_configuration_is_refused(load, model_folder, changes, words):
    edit_config(model_folder, **changes)
    with pytest.raises(InputError, match=words):
        load(model_folder)


@both_ways
def test_without_configuration_nothing_is_loaded(load, model_folder):
    (model_folder / "config.json").unlink()
    with pytest.raises(InputError, match="config"):
        load(model_folder)


@both_ways
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_broken_configuration_is_an_error(load, model_folder, content):
    (model_folder / "config.json").write_bytes(content)
    with pytest.raises(InputError, match=r"config\.json"):
        load(model_folder)


@pytest.mark.parametrize(
    ("kind", "config"), [(SISR, None), (SISR, {"scale": 4}), (SISR, "name"), (SISR, MISRConfig()), (MISR, SISRConfig())]
)
def test_a_model_is_built_from_its_own_configuration_only(kind, config):
    with pytest.raises(InputError, match="Config"):
        kind(config)


def test_a_model_made_on_the_meta_device_takes_weights(model):
    with torch.device("meta"):
        empty = SISR(model.config)
    assert {parameter.device.type for parameter in empty.parameters()} == {"meta"}
    empty.load_state_dict(model.state_dict(), assign=True)
    lr = torch.rand(1, 4, 8, 8)
    assert torch.equal(empty.eval()(lr), model(lr))
