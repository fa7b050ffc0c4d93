import importlib.util
from pathlib import Path

import pytest
from jsonargparse import Namespace

from rs_srgan import InputError
from train.__main__ import main, with_defaults
from train.keys import check_keys

CONFIGS = sorted(Path("train/configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_is_shipped_passes(path):
    check_keys(["fit", "--config", str(path), "--trainer.max_epochs=1", "--data.seed", "3"], own=("log", "ema"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle: {}", "Unknown key 'modle' in the configuration; did you mean 'model'"),
        ("trainer: {max_epoch: 3}", "Unknown key 'max_epoch' in trainer; did you mean 'max_epochs'"),
        (
            "model: {class_path: train.gan.GANModule, init_args: {lerning_rate: 1}}",
            "Unknown key 'lerning_rate' in model; did you mean 'learning_rate'",
        ),
        (
            "model: {class_path: train.module.SISRModule, init_args: {config: {chanels: 3}}}",
            "Unknown key 'chanels' in model.config; did you mean 'channels'",
        ),
        (
            "data: {class_path: train.data.images.ImageFolderDataModule, init_args: {views: {number: 3}}}",
            "Unknown key 'number' in data.views; known: count, noise, shift_lr_px",
        ),
        ("model: {class_path: train.gan.GAN}", "model.class_path is 'train.gan.GAN'; expected a class"),
        ("model: [", "is not valid YAML"),
        ("just words", "holds no configuration"),
    ],
)
def test_a_slip_of_the_pen_is_one_line_with_what_was_meant(tmp_path, capsys, text, words):
    (tmp_path / "config.yaml").write_text(text)
    assert main(["fit", "--config", str(tmp_path / "config.yaml")]) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize("option", ["--model.lerning_rate=1", "--model.init_args.lerning_rate"])
def test_so_it_is_on_the_command_line(option):
    config = str(next(path for path in CONFIGS if path.stem == "finetune"))
    with pytest.raises(InputError, match="'lerning_rate' in model; did you mean 'learning_rate'"):
        check_keys(["fit", "--config", config, option, "1"], own=("ema",))


def test_a_class_may_be_given_on_the_command_line_instead_of_the_files():
    request = ["fit", "--config", "train/configs/uncertainty.yaml", "--data", "train.data.guided.GuidedDataModule"]
    check_keys([*request, "--data.guide_bands", "[B04]"], own=("ema",))
    with pytest.raises(InputError, match="Unknown key 'sentinel2_share' in data"):
        check_keys([*request, "--data.sentinel2_share", "1"], own=("ema",))


def test_a_file_that_is_not_there_is_said(capsys):
    assert main(["fit", "--config", "no.yaml"]) == 2
    assert "no.yaml cannot be read: No such file" in capsys.readouterr().err


def test_a_list_that_is_added_to_is_known(tmp_path):
    config = str(next(path for path in CONFIGS if path.stem == "finetune"))
    check_keys(["fit", "--config", config, "--trainer.callbacks+=lightning.pytorch.callbacks.Timer"], own=("ema",))


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ckpt_path=no.ckpt", "The checkpoint no.ckpt (ckpt_path) does not exist"),
        ("--trainer.gradient_clip_val=1", "set model.gradient_clip, not gradient_clip_val"),
        ("--model.adversarial.penalty_every=0", "adversarial.penalty_every is 0; expected at least 1"),
    ],
)
def test_what_cannot_run_is_said_before_it_runs(tmp_path, capsys, option, words):
    config = str(next(path for path in CONFIGS if path.stem == "srgan_x4_rgbn"))
    root = f"--trainer.default_root_dir={tmp_path}"
    assert main(["fit", "--config", config, f"--data.root={tmp_path}", root, option]) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert len(printed.splitlines()) == 1


def test_an_unknown_command_is_said_with_the_nearest(capsys):
    assert main(["fitt", "--config", "x.yaml"]) == 2
    assert capsys.readouterr().err == "train: Unknown command 'fitt'; did you mean 'fit'?\n"


def test_help_has_all_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("fit", "validate", "convert", "reproduce"))


def test_a_log_whose_package_is_missing_is_said(tmp_path, capsys):
    if importlib.util.find_spec("wandb"):
        pytest.skip("wandb is installed")
    config = str(next(path for path in CONFIGS if path.stem == "srgan_x4_rgbn"))
    root = f"--trainer.default_root_dir={tmp_path}"
    assert main(["fit", "--config", config, f"--data.root={tmp_path}", root, "--log=wandb"]) == 2
    printed = capsys.readouterr().err
    assert "pip install wandb" in printed
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "ModelCheckpoint SaveModel Figures Report Averaging"),
        ("lightning.pytorch.callbacks.Timer", "ModelCheckpoint SaveModel Figures Report Timer Averaging"),
        ("lightning.pytorch.callbacks.ModelCheckpoint", "SaveModel Figures Report ModelCheckpoint Averaging"),
        (
            "lightning.pytorch.callbacks.EMAWeightAveraging",
            "ModelCheckpoint SaveModel Figures Report EMAWeightAveraging",
        ),
    ],
)
def test_a_callback_of_ones_own_joins_those_of_every_run(tmp_path, given, expected):
    requested = given and [Namespace(class_path=given)]
    found = [callback.class_path.split(".")[-1] for callback in with_defaults(requested, tmp_path, ema=0.9)]
    assert found == expected.split()
