import pytest
import torch
from safetensors.torch import load_file, save_file

from rs_srgan import SISR, InputError, load_model

LOADERS = [SISR.from_pretrained, load_model]


both_ways = pytest.mark.parametrize("load", LOADERS, ids=["from_pretrained", "load_model"])


def edit_weights(folder, edit):
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors")


def test_half_precision_weights_are_loaded_as_float(model, model_folder):
    edit_weights(model_folder, lambda tensors: tensors.update({k: v.half() for k, v in tensors.items()}))
    assert next(SISR.from_pretrained(model_folder).parameters()).dtype == torch.float32


@both_ways
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda t: t.pop("generator.head.weight"), "missing"),
        (lambda t: t.update(extra=torch.zeros(1)), "unexpected"),
        (lambda t: t.update({"generator.head.bias": torch.zeros(7)}), "7"),
        (lambda t: t["generator.head.bias"].fill_(float("nan")), "finite"),
        (lambda t: t.update({"generator.head.bias": torch.full((16,), 1e300, dtype=torch.float64)}), "finite"),
        (lambda t: t.update({"generator.head.bias": torch.zeros(16, dtype=torch.int8)}), "int8"),
        (lambda t: t.clear() or t.update({f"layer{i}": torch.zeros(1) for i in range(9)}), "more"),
    ],
    ids=["missing", "unexpected", "misshapen", "nan", "huge", "whole numbers", "another network"],
)
def test_tensors_that_do_not_fit_are_an_error(load, model_folder, edit, words):
    edit_weights(model_folder, edit)
    with pytest.raises(InputError, match=words):
        load(model_folder)


@both_ways
def test_truncated_weights_are_an_error(load, model_folder):
    path = model_folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="safetensors"):
        load(model_folder)


@both_ways
def test_a_pickle_is_refused(load, model, model_folder):
    (model_folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), model_folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="pickle"):
        load(model_folder)
