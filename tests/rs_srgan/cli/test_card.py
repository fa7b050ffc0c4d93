import pytest
from huggingface_hub import ModelCard

pytest.importorskip("torchmetrics")

from rs_srgan import load_model
from rs_srgan.cli.main import main
from rs_srgan.evaluation import evaluate, save_report
from tests.conftest import scene_dn, squeeze


def test_the_command_writes_the_card_and_prints_its_path(write_tif, model_folder, tmp_path, capsys):
    save_report(evaluate(write_tif(scene_dn(80, 96)), load_model(model_folder)), tmp_path / "fields")
    options = ["--report", str(tmp_path / "fields"), "--name", "moors/sr", "--no-pictures"]
    assert main(["card", str(model_folder), *options]) == 0
    assert capsys.readouterr().out == f"{model_folder / 'README.md'}\n"
    card = ModelCard.load(model_folder / "README.md")
    assert "# moors/sr" in card.text and "| fields, 1 site |" in squeeze(card.text)
    assert not (model_folder / "pictures").exists()


def test_a_folder_without_a_model_is_one_line(tmp_path, capsys):
    assert main(["card", str(tmp_path / "no")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
