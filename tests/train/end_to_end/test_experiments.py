"""Tests that the experiments of the original run end to end, each from the one before."""

from pathlib import Path

import pytest
import yaml

from rs_srgan import load_model
from rs_srgan.models import MISR
from tests.train.data.makers import index, photographs
from train.__main__ import main

CONFIGS = Path("train/configs").resolve()
EXPERIMENTS = [f"sisr_exp{number}" for number in range(1, 8)] + [f"misr_exp{number}" for number in range(1, 4)]
# Changes that make the networks small.
SMALL = {
    "config": {"channels": 16, "blocks": 1},
    "discriminator": {"channels": 4},
}
SHORT = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]


def run(name: str, *options: str) -> int:
    given = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())["model"]["init_args"]
    small = [
        f"--model.init_args.{part}.{key}={value}"
        for part, values in SMALL.items()
        if part in given
        for key, value in values.items()
    ]
    data = ["--data.init_args.crop_lr_px=16", "--data.init_args.batch_size=2", "--data.init_args.steps_per_epoch=2"]
    return main(
        [
            "fit",
            "--config",
            str(CONFIGS / f"{name}.yaml"),
            *small,
            *data,
            "--data.init_args.workers=0",
            *SHORT,
            *options,
        ]
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Run all experiments, one after the other; return their folder and exit codes."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("original")
        patch.chdir(folder)
        photographs(folder / "data" / "oxford_pets", count=20)
        photographs(folder / "data" / "openimages", count=20)
        index(folder / "data" / "spot6")
        codes = {name: run(name) for name in EXPERIMENTS}
    return folder / "runs", codes


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_run_writes_model_report_and_pictures(finished, name):
    runs, codes = finished
    assert codes[name] == 0
    if name.startswith("misr"):
        assert MISR.from_pretrained(runs / name / "model").config.fusion == "recursive"
    else:
        assert load_model(runs / name / "model").config.generator == "srresnet"
    report = (runs / name / "report.md").read_text()
    assert "val/psnr" in report
    assert "curves.png" in report
    assert list((runs / name / "figures").glob("*.png"))
    assert (runs / name / "checkpoints" / "last.ckpt").is_file()


def test_an_experiment_without_its_start_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    index(tmp_path / "data" / "spot6")
    assert run("sisr_exp4") == 2
    assert "No model 'runs/sisr_exp3/model'" in capsys.readouterr().err
