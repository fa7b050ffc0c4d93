import json

import pytest

from rs_srgan.models.catalogue import catalogue
from train.__main__ import main
from train.provenance import revision
from train.reproduce import recipe


@pytest.mark.parametrize("name", [name for name, model in catalogue().items() if model.config.generator != "none"])
def test_every_bundled_model_has_a_recipe_and_a_training_record(name):
    assert recipe(name).is_file()
    record = json.loads((catalogue()[name].folder / "training.json").read_text())
    assert record["minutes"] > 0
    assert record["val/gain"] > -1
    assert {"seed", "data", "revision", "versions"} <= record.keys()


def test_a_recipe_still_trains(small_data, tmp_path, capsys):
    small = {"crop_lr_px": 12, "batch_size": 2, "steps_per_epoch": 4, "root": small_data}
    options = [f"--data.{name}={value}" for name, value in small.items()]
    options += ["--model.config.channels=16", "--model.config.blocks=1", "--trainer.enable_progress_bar=false"]
    assert main(["reproduce", "sisr-x4-rgbn", "--minutes", "0.05", "-o", str(tmp_path / "run"), *options]) == 0
    assert "sisr-x4-rgbn: " in capsys.readouterr().out
    record = json.loads((tmp_path / "run" / "model" / "training.json").read_text())
    assert record["seed"] == 0
    assert record["revision"] == revision()
    assert len(record["data"]) == 64
    assert "torch" in record["versions"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sisr-x3-rgbn"], "No bundled model 'sisr-x3-rgbn'"),
        (["glp"], "No bundled model 'glp' with a recipe"),
        (["sisr-x4-rgbn", "--minutes", "0"], "minutes is 0"),
    ],
)
def test_a_wrong_request_ends_with_exit_code_2(arguments, words, capsys):
    assert main(["reproduce", *arguments]) == 2
    assert words in capsys.readouterr().err
