import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rs_srgan import load_model
from train.__main__ import main


def conv(inputs, outputs, kernel):
    return {"weight": torch.randn(outputs, inputs, kernel, kernel) * 0.1, "bias": torch.randn(outputs) * 0.1}


def norm(channels):
    return {
        "weight": torch.rand(channels) + 0.5,
        "bias": torch.randn(channels) * 0.1,
        "running_mean": torch.randn(channels) * 0.1,
        "running_var": torch.rand(channels) + 0.5,
        "num_batches_tracked": torch.tensor(7),
    }


def original(channels=64, blocks=16, stages=2, bands=3) -> dict[str, torch.Tensor]:
    """Return the tensors of a checkpoint, with names and shapes of the original repository."""
    torch.manual_seed(0)
    layers = {
        "conv_block1.conv_block.0": conv(bands, channels, 9),
        "conv_block1.conv_block.1": {"weight": torch.tensor([0.2])},
        "conv_block2.conv_block.0": conv(channels, channels, 3),
        "conv_block2.conv_block.1": norm(channels),
        "conv_block3.conv_block.0": conv(channels, bands, 9),
    }
    for index in range(blocks):
        layers |= {
            f"residual_blocks.{index}.conv_block1.conv_block.0": conv(channels, channels, 3),
            f"residual_blocks.{index}.conv_block1.conv_block.1": norm(channels),
            f"residual_blocks.{index}.conv_block1.conv_block.2": {"weight": torch.tensor([0.1])},
            f"residual_blocks.{index}.conv_block2.conv_block.0": conv(channels, channels, 3),
            f"residual_blocks.{index}.conv_block2.conv_block.1": norm(channels),
        }
    for index in range(stages):
        layers[f"subpixel_convolutional_blocks.{index}.conv"] = conv(channels, 4 * channels, 3)
        layers[f"subpixel_convolutional_blocks.{index}.prelu"] = {"weight": torch.tensor([0.3])}
    return {f"{layer}.{name}": tensor for layer, tensors in layers.items() for name, tensor in tensors.items()}


def as_the_original_computes(tensors, x, blocks, stages):
    """Compute SRResNet with a tanh at its end from the tensors, by their names."""

    def convolved(layer, x):
        weight = tensors[f"{layer}.weight"]
        return F.conv2d(x, weight, tensors[f"{layer}.bias"], padding=weight.shape[-1] // 2)

    def normed(layer, x):
        of = {name: tensors[f"{layer}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")}
        return F.batch_norm(x, **of)

    def prelu(layer, x):
        return F.prelu(x, tensors[f"{layer}.weight"])

    x = first = prelu("conv_block1.conv_block.1", convolved("conv_block1.conv_block.0", x))
    for index in range(blocks):
        inner, outer = (f"residual_blocks.{index}.conv_block{part}.conv_block" for part in (1, 2))
        y = prelu(f"{inner}.2", normed(f"{inner}.1", convolved(f"{inner}.0", x)))
        x = x + normed(f"{outer}.1", convolved(f"{outer}.0", y))
    x = first + normed("conv_block2.conv_block.1", convolved("conv_block2.conv_block.0", x))
    for index in range(stages):
        stage = f"subpixel_convolutional_blocks.{index}"
        x = prelu(f"{stage}.prelu", F.pixel_shuffle(convolved(f"{stage}.conv", x), 2))
    return torch.tanh(convolved("conv_block3.conv_block.0", x))


def save(path, tensors, prefix="generator.net.", **more):
    state = {f"{prefix}{name}": tensor for name, tensor in tensors.items()}
    state["discriminator.conv_blocks.0.conv_block.0.weight"] = torch.zeros(1)
    torch.save({"state_dict": state, **more}, path)
    return path


# Sizes of its configurations: red, green and blue from 10 to 2.5 m, and the six bands of 20 m to 2.5 m.
@pytest.mark.parametrize(
    ("prefix", "stages", "bands"),
    [("generator.net.", 2, ("B04", "B03", "B02")), ("net.", 3, ("B05", "B06", "B07", "B8A", "B11", "B12"))],
)
def test_the_converted_model_computes_what_the_original_computed(tmp_path, prefix, stages, bands, capsys):
    tensors = original(stages=stages, bands=len(bands))
    path = save(tmp_path / "original.ckpt", tensors, prefix, epoch=3)
    named = ["--bands", *bands] if len(bands) > 4 else []
    assert main(["convert", str(path), "-o", str(tmp_path / "model"), *named]) == 0
    assert f"{' '.join(bands)}, 16 blocks of 64 channels" in capsys.readouterr().out
    model = load_model(tmp_path / "model")
    reflectance = np.random.default_rng(0).uniform(0, 0.3, (len(bands), 12, 10)).astype(np.float32)
    normalised = torch.from_numpy(reflectance * 10_000 / 3000 * 2 - 1)[None]
    expected = (as_the_original_computes(tensors, normalised, 16, stages) + 1) / 2 * 3000 / 10_000
    with torch.no_grad():
        found = model(torch.from_numpy(reflectance)[None], pad=False)  # the original does not repeat the border
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("conv_block3.conv_block.0.bias"), "tail.bias is missing"),
        (lambda t: t.update({"conv_block1.conv_block.0.weight": torch.zeros(64, 3, 7, 7)}), "64, 3, 7, 7"),
        (lambda t: t.update({"attention.weight": torch.zeros(1)}), "a layer attention.weight"),
        (lambda t: t.clear(), "has no generator of the original"),
        (lambda t: t.update(original(bands=5)), "5 bands"),
    ],
    ids=["missing", "misshapen", "another layer", "nothing", "five bands"],
)
def test_another_network_is_refused(tmp_path, change, words, capsys):
    tensors = original()
    change(tensors)
    assert main(["convert", str(save(tmp_path / "x.ckpt", tensors)), "-o", str(tmp_path / "model")]) == 2
    assert re.search(words, capsys.readouterr().err)
    assert not (tmp_path / "model").exists()


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_code_in_a_pickle_never_runs_and_broken_files_are_refused(tmp_path, capsys):
    evil = save(tmp_path / "evil.ckpt", original(blocks=1, channels=16), config=Evil())
    broken = tmp_path / "broken.ckpt"
    broken.write_bytes(evil.read_bytes()[:5000])
    text = tmp_path / "text.ckpt"
    text.write_text("no checkpoint")
    plain = tmp_path / "list.ckpt"
    torch.save([1, 2], plain)
    foreign = "more than tensors"
    for path, words in (
        (evil, foreign),
        (broken, "not a PyTorch checkpoint"),
        (text, foreign),
        (plain, "no generator"),
    ):
        assert main(["convert", str(path), "-o", str(tmp_path / "model")]) == 2
        printed = capsys.readouterr()
        assert words in printed.err
        assert "run" not in printed.out
    assert main(["convert", str(tmp_path / "no.ckpt"), "-o", str(tmp_path / "model")]) == 2


def test_a_folder_that_is_not_empty_is_refused(tmp_path):
    path = save(tmp_path / "x.ckpt", original())
    assert main(["convert", str(path), "-o", str(tmp_path)]) == 2


def test_numpy_scores_of_callbacks_are_accepted(tmp_path):
    scores = {"best_model_score": np.float64(0.3), "wait_count": np.int64(3), "half": np.float32(0.5)}
    path = save(tmp_path / "x.ckpt", original(), callbacks={"EarlyStopping": scores})
    assert main(["convert", str(path), "-o", str(tmp_path / "model")]) == 0


def test_a_fusion_that_is_left_out_is_logged(tmp_path, caplog):
    tensors = original()
    assert main(["convert", str(save(tmp_path / "one.ckpt", tensors)), "-o", str(tmp_path / "one")]) == 0
    assert "fusion" not in caplog.text
    state = {f"net.{name}": tensor for name, tensor in tensors.items()} | {"fusion.encode.weight": torch.zeros(1)}
    torch.save({"state_dict": state}, tmp_path / "several.ckpt")
    assert main(["convert", str(tmp_path / "several.ckpt"), "-o", str(tmp_path / "several")]) == 0
    assert "fusion.encode.weight" in caplog.text
