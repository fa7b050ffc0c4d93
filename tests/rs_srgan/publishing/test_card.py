import json

import pytest
from huggingface_hub import ModelCard

from rs_srgan import InputError
from rs_srgan.figures.metrics import METRICS_FILE
from rs_srgan.hub.names import bundle
from rs_srgan.publishing.about import ABOUT_FILE
from rs_srgan.publishing.card import render, write_card
from rs_srgan.publishing.training_file import TRAINING_FILE


def test_a_card_without_figures_and_texts_says_so(model_folder):
    path = write_card(model_folder)
    card = ModelCard.load(path)
    assert card.data.pipeline_tag == "image-to-image"
    assert "# small-model" in card.text
    assert "B04, B03, B02, B08 with 4 times the pixels" in card.text
    assert "Nothing was measured." in card.text
    assert "The makers of the model do not say." in card.text
    assert "$" not in card.text


def test_a_card_holds_the_figures_and_their_metadata(measured):
    card = ModelCard(render(measured))
    assert {each.metric_type for each in card.data.eval_results} == {"psnr", "psnr_gain", "ssim"}
    assert "### Agreement with the input" in card.text


def test_a_card_of_a_model_for_several_revisits_holds_its_tracks(measured_several):
    card = ModelCard(render(measured_several))
    assert "from several revisits" in card.text
    assert "### Track NAIP" in card.text
    assert len(card.data.eval_results) == 4


def test_a_card_of_a_guided_model_names_the_images_that_training_reads():
    text = render(bundle() / "sisr-x2-20m")
    assert "`FOLDER/sentinel2`" in text and "--data.native_share 0" in text


def test_a_card_holds_the_texts_of_the_maker(model_folder):
    (model_folder / ABOUT_FILE).write_text('summary = "Made for moors."\nlimits = "Not for the sea."\nlicense = "mit"')
    card = ModelCard(render(model_folder))
    assert card.data.license == "mit"
    assert "Made for moors." in card.text and "Not for the sea." in card.text


@pytest.mark.parametrize("start", ["sisr-x4-rgbn", "organisation/name", "model", "/home/me/model", None])
def test_the_base_model_is_named_only_if_others_can_load_it(model_folder, start):
    (model_folder / TRAINING_FILE).write_text(json.dumps({"init_from": start, "steps": 5, "minutes": 1.0}))
    known = start in ("sisr-x4-rgbn", "organisation/name")
    assert ModelCard(render(model_folder)).data.base_model == (start if known else None)


@pytest.mark.parametrize("name", [METRICS_FILE, ABOUT_FILE, TRAINING_FILE])
@pytest.mark.parametrize("content", ["{", "\0", "a = "])
def test_a_damaged_file_is_named(model_folder, name, content):
    (model_folder / name).write_text(content)
    with pytest.raises(InputError, match=name):
        render(model_folder)


def test_the_template_has_no_imagery_and_no_figure():
    text = (bundle() / "template.md").read_text(encoding="utf-8")
    assert "![" not in text and " dB" not in text


def test_a_method_without_weights_is_not_offered_for_fine_tuning(model_folder):
    assert "init_from glp" not in render(bundle() / "glp")
    assert "adds_to: mtf-glp" in render(bundle() / "glp")
    assert "--model.init_from small-model" in render(model_folder)
