import json

import pytest

from rs_srgan.models.catalogue import catalogue
from train.__main__ import main
from train.provenance import manifest_hash, revision
from train.reproduce import recipe


@pytest.mark.parametrize("name", catalogue())
def test_every_bundled_model_has_a_recipe_and_says_how_its_training_ended(name):
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
        (["sisr-x3-rgbn"], "No bundled model 'sisr-x3-rgbn'; expected one of"),
        (["sisr-x4-rgbn", "--minutes", "0"], "minutes is 0; expected more than 0"),
    ],
)
def test_what_cannot_be_done_again_is_said(arguments, words, capsys):
    assert main(["reproduce", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_manifest_is_of_names_and_contents(tmp_path):
    folders = [tmp_path / name / "sentinel2" for name in ("a", "b")]
    for folder in folders:
        folder.mkdir(parents=True)
        for number in (1, 2):
            (folder / f"{number}.tif").write_bytes(bytes(number))
    first, second = (manifest_hash(folder.glob("*")) for folder in folders)
    assert first == second
    (folders[1] / "2.tif").write_bytes(b"other")
    assert manifest_hash(folders[1].glob("*")) != first
