import dataclasses

from huggingface_hub import ModelCard

from rs_srgan import MISRConfig, SISRConfig
from rs_srgan.figures.metrics import Metrics
from rs_srgan.publishing.card_metadata import metadata
from tests.rs_srgan.publishing.conftest import make_group, make_scores


def read(metrics, config=None, license_="", base_model=""):
    """Return the metadata as the Hub reads it."""
    return ModelCard(f"---\n{metadata('a/b', config or SISRConfig(), metrics, license_, base_model)}\n---\n").data


def test_without_figures_there_are_no_results():
    data = read(None, license_="mit", base_model="sisr-x4-rgbn")
    assert data.eval_results is None
    assert (data.license, data.base_model, data.library_name) == ("mit", "sisr-x4-rgbn", "rs_srgan")
    assert {"super-resolution-x4", "sentinel-2"} <= set(data.tags)


def test_pictures_are_examples_and_models_of_several_images_have_a_tag():
    made = metadata("a/b", MISRConfig(), None, "mit", "", pictures=["pictures/dry_fields.png"])
    data = ModelCard(f"---\n{made}\n---\n").data
    (example,) = data.widget
    assert example["output"] == {"url": "pictures/dry_fields.png"} and example["text"].startswith("dry fields")
    assert "multi-image-super-resolution" in data.tags
    alone = read(None)
    assert alone.get("widget") is None and "multi-image-super-resolution" not in alone.tags


def test_results_hold_psnr_gain_and_ssim(metrics):
    results = {each.metric_type: each for each in read(metrics).eval_results}
    assert {kind: each.metric_value for kind, each in results.items()} == {"psnr": 32.5, "psnr_gain": 1.5, "ssim": 0.5}
    assert results["psnr"].dataset_name == "Sentinel-2, 40 m to 10 m, 1 unseen site"
    assert results["psnr"].dataset_type == "sentinel-2"


def test_gains_name_the_baseline_that_sees_the_same_input(metrics):
    group = metrics.groups["sentinel2"]
    guided = dataclasses.replace(group, mean={**group.mean, "glp": make_scores(32.0)})
    for each, named, gain in ((group, "bicubic + 3 back-projections", 1.5), (guided, "MTF-GLP + back-projection", 0.5)):
        (found,) = (one for one in read(Metrics("f", {"a": each})).eval_results if one.metric_type == "psnr_gain")
        assert (found.metric_name, found.metric_value) == (f"PSNR over {named}, dB", gain)


def test_results_claim_unseen_sites_only_where_it_was_stated():
    for unseen, words in ((True, "1 unseen site"), (False, "1 site"), (None, "1 site")):
        data = read(Metrics("f", {"a": make_group("Sentinel-2, my fields", unseen)}))
        assert data.eval_results[0].dataset_name == f"Sentinel-2, my fields, {words}"
        assert data.eval_results[0].dataset_type == "sentinel-2-my-fields"


def test_results_hold_the_tracks(tracks):
    results = {
        (result.dataset_config, result.metric_type): result.metric_value
        for result in read(Metrics("f", tracks=tracks), MISRConfig()).eval_results
    }
    assert results == {
        ("track A", "psnr"): 31.15,
        ("track A", "psnr_gain"): 1.15,
        ("track NAIP", "psnr"): 31.15,
        ("track NAIP", "psnr_gain"): 1.15,
    }
