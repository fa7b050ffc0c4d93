import json

import pytest
from huggingface_hub import ModelCard

from rs_srgan import InputError
from rs_srgan.hub.names import bundle
from rs_srgan.models.catalogue import METRICS_FILE
from rs_srgan.publishing.card import ABOUT_FILE, render, write_card
from tests.conftest import squeeze

PSNR = {"bicubic": 30.0, "back_projection": 31.0, "model": 32.5}


@pytest.fixture
def measured(model_folder):
    """A folder with figures, made up."""
    mean = {
        method: {
            "psnr_db": psnr,
            **dict.fromkeys(("ssim", "sam_deg", "improvement", "omission", "hallucination"), 0.5),
            **dict.fromkeys(("sensor", "reflectance", "spectral_deg"), 0.001),
            "band_psnr_db": [psnr] * 4,
            "spectrum_db": [-float(tenth) for tenth in range(9)],
        }
        for method, psnr in PSNR.items()
    }
    group = {"title": "Sentinel-2, 40 m to 10 m", "protocol": "simulated", "mean": mean, "sites": {"dell": PSNR}}
    curve = {"predicted": [0.01] * 10, "observed": [0.02] * 10}
    metrics = {
        "fingerprint": "f",
        "groups": {"sentinel2": group},
        "uncertainty": {
            "sentinel2": {"coverage": 0.81, "rank": 0.5, "rank_within_bands": 0.4, "rank_if_exact": 0.6, **curve}
        },
    }
    (model_folder / METRICS_FILE).write_text(json.dumps(metrics))
    return model_folder


def test_a_card_says_what_is_known_and_that_the_rest_is_not(model_folder):
    path = write_card(model_folder)
    card = ModelCard.load(path)
    assert card.data.library_name == "rs_srgan"
    assert card.data.pipeline_tag == "image-to-image"
    assert card.data.eval_results is None
    assert "# small-model" in card.text
    assert "B04, B03, B02, B08 with 4 times the pixels" in card.text
    assert "None were measured." in card.text
    assert "$" not in card.text


def test_figures_stand_in_the_text_and_in_the_metadata(measured):
    card = ModelCard(render(measured))
    results = {each.metric_type: each for each in card.data.eval_results}
    assert {kind: each.metric_value for kind, each in results.items()} == {"psnr": 32.5, "psnr_gain": 1.5, "ssim": 0.5}
    assert results["psnr"].dataset_name == "Sentinel-2, 40 m to 10 m, 1 unseen sites"
    assert "on sites that training never saw" in card.text
    assert "| dell | 30.00 | 31.00 | 32.50 | +1.50 |" in squeeze(card.text)
    assert "81.0 %" in card.text


def test_what_its_maker_says_of_a_model_is_in_its_card(model_folder):
    (model_folder / ABOUT_FILE).write_text('summary = "Made for moors."\nlimits = "Not for the sea."\nlicense = "mit"')
    card = ModelCard(render(model_folder))
    assert card.data.license == "mit"
    assert "Made for moors." in card.text and "Not for the sea." in card.text


@pytest.mark.parametrize("name", [METRICS_FILE, ABOUT_FILE])
@pytest.mark.parametrize("content", ["{", "\0", "a = "])
def test_a_damaged_file_is_named(model_folder, name, content):
    (model_folder / name).write_text(content)
    with pytest.raises(InputError, match=name):
        render(model_folder)


@pytest.mark.parametrize("content", ['{"groups": 3}', '{"groups": {"a": {"protocol": "simulated"}}}'])
def test_figures_of_another_form_are_said(model_folder, content):
    (model_folder / METRICS_FILE).write_text(content)
    with pytest.raises(InputError, match="not as `rs-srgan evaluate` writes them"):
        render(model_folder)


def test_the_template_has_no_imagery_and_no_figure_of_its_own():
    text = (bundle() / "template.md").read_text(encoding="utf-8")
    assert "![" not in text and " dB" not in text
