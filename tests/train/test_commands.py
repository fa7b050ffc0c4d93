import importlib.util
from pathlib import Path

import pytest
from jsonargparse import Namespace

from train.commands import inputs_of, main, outputs_of, several_devices, with_csv, with_defaults

CONFIGS = sorted(Path("train/configs").glob("*.yaml"))
FINETUNE = "train/configs/finetune.yaml"


def refused(arguments, capsys):
    """Return the line that a wrong request ends with."""
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("train: ")
    return line


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_parser_accepts_the_bundled_configurations(path, capsys):
    with pytest.raises(SystemExit) as end:
        main(["fit", "--config", str(path), "--trainer.max_epochs=1", "--data.seed", "3", "--print_config"])
    assert end.value.code == 0
    assert "seed: 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle: {a: 1}", "modle"),
        ("trainer: {max_epoch: 3}", "Did you mean 'max_epochs'"),
        (
            "model: {class_path: train.gan.GANModule, init_args: {lerning_rate: 1}}",
            "Did you mean 'learning_rate'",
        ),
        (
            "model: {class_path: train.module.SISRModule, init_args: {config: {chanels: 3}}}",
            "Did you mean 'channels'",
        ),
        (
            "data: {class_path: train.data.images.ImageFolderDataModule, init_args: {root: x, views: {number: 3}}}",
            "'number'",
        ),
        (
            "data: {class_path: train.data.pairs.PairFolderDataModule, init_args: {root: x, matching: histgram}}",
            "Did you mean 'histogram'",
        ),
        ("model: {class_path: train.gan.GAN}", "'train.gan.GAN'"),
        ("model: {class_path: train.module.SISRModule, init_args: {learning_rate: fast}}", "fast"),
        ("model: [", "parsing"),
        ("just words", "just words"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path, capsys, text, words):
    (tmp_path / "config.yaml").write_text(text)
    options = ["--model=train.module.SISRModule"] if "modle" in text else []
    assert words in refused(["fit", "--config", str(tmp_path / "config.yaml"), *options], capsys)


@pytest.mark.parametrize("content", ["trainer: {}".encode("utf-16"), b"a: " + b"[" * 5000])
def test_a_file_that_is_no_yaml_is_refused_in_one_line(tmp_path, capsys, content):
    (tmp_path / "config.yaml").write_bytes(content)
    refused(["fit", "--config", str(tmp_path / "config.yaml")], capsys)


@pytest.mark.parametrize("option", ["--model.lerning_rate=1", "--model.init_args.lerning_rate"])
def test_a_wrong_option_is_refused_in_one_line(option, capsys):
    assert "Did you mean 'learning_rate'" in refused(
        ["fit", "--config", FINETUNE, option, "1"][: 4 + ("=" not in option)], capsys
    )


def test_an_option_of_another_class_than_the_requested_one_is_refused(capsys):
    request = ["fit", "--config", FINETUNE, "--data", "train.data.guided.GuidedDataModule"]
    assert "sentinel2_share" in refused([*request, "--data.sentinel2_share", "1"], capsys)


def test_a_class_on_the_command_line_replaces_that_of_the_file(capsys):
    request = ["fit", "--config", "train/configs/uncertainty.yaml", "--data", "train.data.guided.GuidedDataModule"]
    with pytest.raises(SystemExit):
        main([*request, "--data.guide_bands", "[B04]", "--print_config"])
    printed = capsys.readouterr().out
    assert "class_path: train.data.guided.GuidedDataModule" in printed
    assert "sentinel2_share" not in printed


def test_options_that_do_nothing_are_refused(capsys):
    request = ["fit", "--config", "train/configs/misr_x4_rgbn.yaml", "--data.degradation=bicubic"]
    assert "'degradation'" in refused(request, capsys)


def test_a_missing_file_is_refused(capsys):
    assert "no.yaml" in refused(["fit", "--config", "no.yaml"], capsys)


def test_an_unknown_command_is_refused(capsys):
    assert "'fitt'" in refused(["fitt", "--config", "x.yaml"], capsys)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ckpt_path=no.ckpt", "no.ckpt"),
        ("--trainer.gradient_clip_val=1", "set model.gradient_clip"),
        ("--model.adversarial.penalty_every=0", "adversarial.penalty_every is 0"),
    ],
)
def test_a_request_that_cannot_run_is_refused_before_it_runs(tmp_path, capsys, option, words):
    config = "train/configs/srgan_x4_rgbn.yaml"
    root = f"--trainer.default_root_dir={tmp_path}"
    assert words in refused(["fit", "--config", config, f"--data.root={tmp_path}", root, option], capsys)


def test_help_names_all_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("fit", "validate", "convert", "reproduce"))


def test_help_of_a_class_has_the_parameters_of_its_parents(capsys):
    with pytest.raises(SystemExit):
        main(["fit", "--data.help", "train.data.revisits.RevisitsDataModule"])
    printed = " ".join(capsys.readouterr().out.split())
    for words in ("share of Sentinel-2 in the crops", "side of the training crops", "number of loading processes"):
        assert words in printed


@pytest.mark.skipif(importlib.util.find_spec("wandb") is not None, reason="wandb is installed")
def test_a_log_without_its_package_is_refused(tmp_path, capsys):
    options = [f"--data.root={tmp_path}", f"--trainer.default_root_dir={tmp_path}", "--log=wandb"]
    assert "pip install wandb" in refused(["fit", "--config", "train/configs/srgan_x4_rgbn.yaml", *options], capsys)


@pytest.mark.parametrize(
    ("log", "names"), [("csv", ["log"]), ("tensorboard", ["log", "tensorboard"]), ("wandb", ["log", "moors"])]
)
def test_a_log_beside_csv_has_a_folder_of_its_own_or_the_name_of_the_run(log, names):
    assert [logger.init_args.name for logger in with_csv(None, log, Path("runs/moors"))] == names


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "{saving} {ours} Averaging"),
        ("lightning.pytorch.callbacks.Timer", "{saving} {ours} Timer Averaging"),
        ("lightning.pytorch.callbacks.ModelCheckpoint", "{ours} ModelCheckpoint Averaging"),
        ("lightning.pytorch.callbacks.EMAWeightAveraging", "{saving} {ours} EMAWeightAveraging"),
    ],
)
def test_a_requested_callback_joins_those_of_every_run(tmp_path, given, expected):
    requested = given and [Namespace(class_path=given)]
    found = [callback.class_path.split(".")[-1] for callback in with_defaults(requested, tmp_path, ema=0.9)]
    ours = "CheckPairs FitNormalisation SaveModel Figures Report HowToGoOn"
    assert " ".join(found) == expected.format(saving="ModelCheckpoint", ours=ours)


@pytest.mark.parametrize("root", ["runs/first", "runs/second/../first", "runs/link"])
def test_a_run_does_not_replace_the_model_that_it_starts_from(tmp_path, monkeypatch, capsys, model_folder, root):
    config = str(Path(FINETUNE).resolve())
    monkeypatch.chdir(tmp_path)
    Path("runs/second").mkdir(parents=True)
    Path("runs/first").mkdir()
    Path("runs/link").symlink_to("first")
    model_folder.rename("runs/first/model")
    before = {path: path.read_bytes() for path in Path("runs/first/model").iterdir()}
    request = ["fit", "--config", config, "--model.init_from", "runs/first/model", "--data.root", "nowhere"]
    assert "input" in refused([*request, "--trainer.default_root_dir", root], capsys)
    assert {path: path.read_bytes() for path in Path("runs/first/model").iterdir()} == before


def test_a_run_does_not_replace_its_images(tmp_path):
    """Allow a run in a folder around its data, or inside it: its own files are no images of the data."""
    (tmp_path / "data" / "figures").mkdir(parents=True)
    (tmp_path / "data" / "figures" / "000_a.png").write_text("x")
    data, model = Namespace(init_args=Namespace(root=str(tmp_path / "data"))), Namespace()
    config = Namespace(model=model, data=data)
    inside = tmp_path / "data" / "runs"
    assert [path.name for path in outputs_of(tmp_path / "data") if path.exists()] == ["000_a.png"]
    assert inputs_of(config, tmp_path / "data") == [tmp_path / "data"]
    assert inputs_of(config, inside) == []


@pytest.mark.parametrize(
    ("devices", "nodes", "expected"),
    [
        *((1, 1, False), ("1", 1, False), ([3], 1, False), ("3,", 1, False)),
        *((2, 1, True), ("2", 1, True), ([0, 1], 1, True), ("0,1", 1, True), (1, 2, True)),
    ],
)
def test_several_devices_or_machines_need_several_processes(devices, nodes, expected):
    assert several_devices(devices, nodes) == expected


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut"])
def test_a_cut_checkpoint_is_refused(tmp_path, capsys, content):
    cut = tmp_path / "last.ckpt"
    cut.write_bytes(content)
    request = ["fit", "--config", FINETUNE, f"--ckpt_path={cut}", f"--data.root={tmp_path}"]
    assert "complete" in refused([*request, f"--trainer.default_root_dir={tmp_path / 'run'}"], capsys)
