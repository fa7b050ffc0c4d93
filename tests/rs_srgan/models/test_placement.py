import copy

import numpy as np
import pytest
import torch

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, load_model
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import RevisitsName, SingleImageName

HALVES = [(torch.float16, 2e-3), (torch.bfloat16, 2e-2), (torch.float64, 1e-6)]


@pytest.mark.parametrize(("dtype", "error"), HALVES)
def test_other_number_formats_compute_nearly_the_same_in_float32(model, dtype, error):
    lr = torch.rand(2, 4, 12, 14) * 0.4
    other = copy.deepcopy(model).to(dtype)
    with torch.no_grad():
        expected, found = model(lr), other(lr.to(dtype))
    assert found.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert (found.float() - expected).abs().max() < error
    predicted = other.predict(lr[0].numpy())
    assert predicted.dtype == np.float32 and np.abs(predicted - model.predict(lr[0].numpy())).max() < error


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("fusion", ["innovation", "recursive"])
def test_models_of_revisits_compute_in_other_number_formats(dtype, fusion):
    model = MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion_channels=16, fusion=fusion)).eval()
    views = torch.rand(1, 3, 4, 9, 8)
    with torch.no_grad():
        expected, found = model(views), copy.deepcopy(model).to(dtype)(views.to(dtype))
    assert (found.float() - expected).abs().max() < 2e-2


def test_half_weights_are_saved_and_loaded_in_any_format(model, tmp_path):
    model.half().save_pretrained(tmp_path)
    assert load_model(tmp_path).dtype == torch.float32
    assert load_model(tmp_path, torch_dtype="auto").dtype == torch.float16
    assert SISR.from_pretrained(tmp_path, torch_dtype=torch.bfloat16, map_location="cpu").dtype == torch.bfloat16
    assert load_model(tmp_path, torch_dtype=torch.float16).fingerprint() == model.fingerprint()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"torch_dtype": torch.int8}, "int8"),
        ({"device": "nowhere"}, "nowhere"),
        ({"device": "cpu", "map_location": "meta"}, "map_location"),
        ({"device": "cpu", "map_location": "nowhere"}, "nowhere"),
        ({"torch_dtype": "float16"}, "float16"),
        ({"revision": 5}, "revision"),
        ({"cache_dir": 5}, "cache_dir"),
    ],
)
def test_what_cannot_be_used_is_named(model_folder, options, word):
    with pytest.raises(InputError, match=word):
        load_model(model_folder, **options)


def test_a_model_made_on_the_meta_device_gets_its_kernels_back(model):
    with torch.device("meta"):
        empty = SISR(model.config)
    filled = empty.to("meta").to_empty(device="cpu")
    filled.load_state_dict(model.state_dict())
    lr = torch.rand(1, 4, 9, 9)
    with torch.no_grad():
        torch.testing.assert_close(filled.eval()(lr), model(lr), rtol=0, atol=0)


def test_all_parameters_that_learn_are_used_by_forward():
    model = SISR(SISRConfig(channels=16, blocks=1, uncertainty=True))
    model(torch.rand(1, 4, 8, 8)).sum().backward()
    assert all(each.grad is not None for each in model.parameters() if each.requires_grad)


def test_a_subclass_loads_what_its_base_saved(model_folder, model, tmp_path):
    class Mine(SISR):
        pass

    assert type(Mine.from_pretrained(model_folder)) is Mine
    Mine.from_pretrained(model_folder).save_pretrained(tmp_path / "mine")
    assert Mine.from_pretrained(tmp_path / "mine").fingerprint() == model.fingerprint()
    with pytest.raises(InputError, match="Mine"):
        load_model(tmp_path / "mine")


def test_the_names_for_type_checkers_are_those_of_the_catalogue():
    models = catalogue().values()
    assert set(SingleImageName.__args__) == {each.name for each in models if not each.several}
    assert set(RevisitsName.__args__) == {each.name for each in models if each.several}
