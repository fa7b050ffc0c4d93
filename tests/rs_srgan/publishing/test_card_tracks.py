import json

import pytest
from huggingface_hub import ModelCard

from rs_srgan import MISR, MISRConfig
from rs_srgan.models.catalogue import METRICS_FILE
from rs_srgan.publishing.card import render
from tests.conftest import squeeze

SITES = {f"site {number}": {"1": 30.0, "2": 30.5, "8": 31.0 + number / 100} for number in range(30)}


@pytest.fixture
def measured(tmp_path):
    """A model for several revisits with figures, made up."""
    MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16)).save_pretrained(tmp_path / "several")
    mean = {
        "bicubic": {"1": 29.0, "2": 29.0, "8": 29.0},
        "shift_and_add": {"1": 29.5, "2": 29.8, "8": 30.1},
        "model": {"1": 30.0, "2": 30.5, "8": 31.15},
    }
    three = {method: {"1": each["1"], "3": each["8"]} for method, each in mean.items()}
    tracks = {
        "A": {"title": "simulated: noise", "mean": mean, "sites": SITES, "shift_error_px": [0.004, 0.01]},
        "NAIP": {"title": "real", "mean": three, "sites": {"a": {"1": 30.0, "3": 29.5}}, "shift_error_px": None},
    }
    (tmp_path / "several" / METRICS_FILE).write_text(json.dumps({"fingerprint": "f", "tracks": tracks}))
    return tmp_path / "several"


def test_the_gain_by_the_number_of_views_stands_in_the_card(measured):
    card = ModelCard(render(measured))
    assert "| PSNR, dB | T = 1 | T = 2 | T = 8 |" in squeeze(card.text)
    assert "| model | 30.00 | 30.50 | 31.15 |" in squeeze(card.text)
    assert "Shifts found to 0.004 LR pixels (median), 90 % to 0.010." in card.text
    assert 'super_resolve(["may.SAFE", "june.SAFE", "july.SAFE"]' in card.text
    assert "from several revisits" in card.text
    assert "predict_with_uncertainty" not in card.text


def test_a_loss_is_told_like_a_gain_and_of_many_sites_the_extremes(measured):
    text = ModelCard(render(measured)).text
    assert "| NAIP, 3 views | a | -0.50 |" in squeeze(text)
    assert "| A, 8 views | site 29 | +1.29 |" in squeeze(text)
    assert "| A, 8 views | site 0 | +1.00 |" in squeeze(text)
    assert "site 20 " not in text


def test_the_metadata_hold_both(measured):
    results = {
        (result.dataset_config, result.metric_type): result.metric_value
        for result in ModelCard(render(measured)).data.eval_results
    }
    assert results == {
        ("track A", "psnr"): 31.15,
        ("track A", "psnr_gain"): 1.15,
        ("track NAIP", "psnr"): 31.15,
        ("track NAIP", "psnr_gain"): 1.15,
    }
