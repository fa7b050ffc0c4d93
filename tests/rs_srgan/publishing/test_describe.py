"""Cards of a user's models, from reports that `evaluate` wrote."""

import json
import resource
import shutil

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard

pytest.importorskip("torchmetrics")

from rs_srgan import InputError, load_model
from rs_srgan.cli.main import main
from rs_srgan.evaluation import evaluate, save_report
from rs_srgan.figures.metrics import read_metrics
from rs_srgan.hub.names import bundle
from rs_srgan.publishing import describe
from tests.conftest import scene_dn, squeeze


@pytest.fixture
def reports(write_tif, model_folder, tmp_path):
    """Write the reports of one image, with simulated LR and as it is, with pictures."""
    model, image = load_model(model_folder), write_tif(scene_dn(80, 96), "moor_2020.tif")
    for name, reference in (("Moors, 2020", True), ("Moors as they are", False)):
        save_report(evaluate(image, model, reference=reference, pictures=1), tmp_path / name)
    return [tmp_path / "Moors, 2020", tmp_path / "Moors as they are"]


def test_the_card_holds_the_figures_of_the_reports(model_folder, reports):
    card = ModelCard.load(describe(model_folder, reports=reports, name="moors/sr"))
    measured = json.loads((reports[0] / "report.json").read_text())["mean"]["model"]
    figures = {each.metric_type: each for each in card.data.eval_results}
    assert figures["psnr"].metric_value == round(measured["psnr_db"], 2)
    assert (figures["psnr"].dataset_type, figures["psnr"].dataset_name) == ("moors-2020", "Moors, 2020, 1 site")
    assert "| Moors, 2020, 1 site | " in squeeze(card.text) and f" {measured['psnr_db']:.2f} |" in squeeze(card.text)
    assert "| Moors as they are, real | model |" in squeeze(card.text)
    assert "Training did not use" not in card.text, "nobody stated that"
    assert 'load_model("moors/sr")' in card.text and "# moors/sr" in card.text


def test_pictures_of_the_reports_are_copied_unless_refused(model_folder, reports):
    text = describe(model_folder, reports=reports, name="moors/sr").read_text()
    pictures = sorted(path.name for path in (model_folder / "pictures").iterdir())
    assert (
        len(pictures) == 4 and pictures[0].startswith("Moors_2020_01_") and "Moors_as_they_are_curves.png" in pictures
    )
    assert all(f"(pictures/{name})" in text for name in pictures)
    assert "Pictures" not in describe(model_folder, reports=reports, pictures=False).read_text()
    assert not (model_folder / "pictures").exists()


def test_texts_in_about_toml_are_kept_and_shown(model_folder, reports):
    describe(model_folder, reports=reports, name="moors/sr")
    about = model_folder / "about.toml"
    about.write_text(about.read_text().replace('limits = ""', 'limits = "Not for bogs."'))
    assert "Not for bogs." in describe(model_folder).read_text()
    assert "| Moors, 2020, 1 site |" in squeeze(describe(model_folder, name="moors/sr").read_text())
    assert "Not for bogs." in about.read_text()


def test_a_card_of_real_images_alone_has_no_psnr(model_folder, reports):
    card = ModelCard.load(describe(model_folder, reports=reports[1:]))
    assert card.data.eval_results is None
    assert "Agreement with the input" in card.text and "PSNR" not in card.text


@pytest.mark.parametrize(("unseen", "claimed"), [(None, False), (True, True)])
def test_a_card_claims_unseen_sites_only_if_evaluate_was_told(write_tif, model_folder, tmp_path, unseen, claimed):
    image, report = write_tif(scene_dn(80, 96), "moor_2020.tif"), tmp_path / "Sentinel-2, my fields"
    save_report(evaluate(image, load_model(model_folder), unseen=unseen), report)
    card = ModelCard.load(describe(model_folder, reports=[report]))
    assert ("Training did not use these sites." in card.text.replace("\n", " ")) == claimed
    assert ("unseen" in card.data.eval_results[0].dataset_name) == claimed


def test_figures_of_other_weights_are_refused(model_folder, model, reports):
    with torch.no_grad():
        model.generator.head.bias.add_(1)
    model.save_pretrained(model_folder)
    with pytest.raises(InputError, match="weights"):
        describe(model_folder, reports=reports)
    assert not (model_folder / "metrics.json").exists()


def test_a_folder_named_like_a_bundled_model_is_described_itself(model_folder, reports, monkeypatch):
    model_folder.rename(model_folder.with_name("sisr-x4-rgbn"))
    monkeypatch.chdir(model_folder.parent)
    bundled = {path: path.stat().st_mtime_ns for path in (bundle() / "sisr-x4-rgbn").rglob("*")}
    path = describe("sisr-x4-rgbn", reports=reports)
    assert path.resolve().parent == model_folder.with_name("sisr-x4-rgbn")
    assert read_metrics(path.with_name("metrics.json")).fingerprint == load_model(path.parent).fingerprint()
    assert {path: path.stat().st_mtime_ns for path in (bundle() / "sisr-x4-rgbn").rglob("*")} == bundled


def test_a_wrong_request_is_one_line(model_folder, reports, tmp_path, capsys):
    twin = tmp_path / "elsewhere" / reports[0].name
    shutil.copytree(reports[0], twin)
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "report.json").write_text('{"model": 3}')
    for arguments, words in (
        ([tmp_path / "no"], "There is no folder"),
        ([model_folder, "--report", tmp_path / "empty"], "There is no report at"),
        ([model_folder, "--report", tmp_path / "odd"], "model is 3"),
        ([model_folder, "--report", reports[0], twin], "Two reports lie in folders named Moors, 2020"),
        ([model_folder, "--name", "moors/other"], "has the name 'moors/sr'"),
    ):
        describe(model_folder, name="moors/sr")
        assert main(["card", *map(str, arguments)]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


def test_the_card_of_pairs_describes_pairs(model_folder, write_tif, tmp_path):
    fine = scene_dn(96, 96).astype(np.float32)
    (tmp_path / "pairs" / "hr").mkdir(parents=True)
    (tmp_path / "pairs" / "lr").mkdir()
    write_tif(fine.astype(np.uint16), "pairs/hr/a.tif")
    write_tif(fine.reshape(4, 24, 4, 24, 4).mean((2, 4)).astype(np.uint16), "pairs/lr/a.tif")
    save_report(evaluate(tmp_path / "pairs", load_model(model_folder)), tmp_path / "report")
    text = describe(model_folder, reports=[tmp_path / "report"]).read_text().replace("\n", " ")
    assert "LR and HR are two images" in text and "Wald" not in text
    assert "| report | model |" in squeeze(text) and ", real" not in squeeze(text)


def test_a_missing_licence_is_logged_and_none_is_made_up(described, caplog):
    describe(described)
    assert "The card names no licence" in caplog.text
    assert ModelCard.load(described / "README.md").data.license is None
    about = described / "about.toml"
    about.write_text(about.read_text().replace('license = ""', 'license = "mit"'))
    describe(described)
    assert ModelCard.load(described / "README.md").data.license == "mit"


def test_the_card_does_not_replace_pictures_of_its_reports(model_folder, reports):
    """The pictures of the model's folder are removed before those of the reports are copied."""
    (model_folder / "pictures").symlink_to(reports[0] / "pictures")
    before = {path: path.read_bytes() for path in reports[0].rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="input"):
        describe(model_folder, reports=reports)
    assert {path: path.read_bytes() for path in reports[0].rglob("*") if path.is_file()} == before


def test_a_full_disk_leaves_all_files_as_they_were(described, report):
    def content():
        return {path: path.read_bytes() for path in described.rglob("*") if path.is_file()}

    before, limits = content(), resource.getrlimit(resource.RLIMIT_FSIZE)
    (report / "curves.png").write_bytes(bytes(50_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            describe(described, reports=[report])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert content() == before


def test_a_folder_of_pictures_elsewhere_keeps_its_files(described, report, tmp_path):
    (described / "pictures").rename(tmp_path / "my pictures")
    (tmp_path / "my pictures" / "cat.png").write_text("a cat")
    (described / "pictures").symlink_to(tmp_path / "my pictures")
    describe(described, reports=[report])
    assert [path.name for path in (described / "pictures").iterdir()] == ["report_curves.png"]
    assert (tmp_path / "my pictures" / "cat.png").read_text() == "a cat"
