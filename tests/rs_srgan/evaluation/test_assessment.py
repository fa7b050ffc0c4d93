import math
import sys

import numpy as np
import pytest
import torch

pytest.importorskip("torchmetrics")

from rs_srgan import SISR, InputError, SISRConfig
from rs_srgan.evaluation import evaluate
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.protocol import inner
from rs_srgan.sensors import RGBN
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.sensors.projection import bicubic
from tests.conftest import scene_dn
from tests.safe_builder import build_safe

# Improvement of a perfect result, see `opensr.Correctness`.
BEST = 1 / (1 + 2 * math.exp(-4))


@pytest.fixture
def dn():
    return scene_dn(112, 128)


@pytest.fixture
def image(write_tif, dn):
    return write_tif(dn, "place_2020.tif")


def answering(model, answer):
    """Make a model return `answer` for every image."""
    model.predict = lambda lr, guide=None, **options: answer
    return model


def test_hr_scores_perfectly(model, image, dn):
    scores = evaluate(image, answering(model, (dn / 10_000).astype(np.float32))).mean["model"]
    assert scores.psnr_db > 140  # but for rounding
    assert scores.shift_px == 0
    assert scores.ergas == pytest.approx(0, abs=1e-4)
    assert scores.sam_deg == pytest.approx(0, abs=1e-4)
    assert scores.ssim == scores.cssim == pytest.approx(1)
    assert scores.frc == pytest.approx((1.0,) * 9)
    assert scores.spectrum_db == pytest.approx((0.0,) * 9, abs=1e-4)
    assert scores.resolved == 1
    assert scores.improvement == pytest.approx(BEST, abs=1e-3)
    assert scores.sensor == pytest.approx(0, abs=1e-7)
    assert scores.sensor_frc == pytest.approx(1)


def test_a_perfect_result_is_as_consistent_as_hr(model, image, dn):
    mean = evaluate(image, answering(model, (dn / 10_000).astype(np.float32))).mean
    for name in ("reflectance", "spectral_deg", "spatial_px", "sensor"):
        assert getattr(mean["model"], name) == pytest.approx(getattr(mean["hr"], name), abs=1e-7)
    assert mean["hr"].reflectance > 0  # the plain average is not the sensor
    assert math.isnan(mean["hr"].psnr_db)


def test_a_model_that_is_bicubic_scores_as_bicubic(model, image):
    model.predict = lambda lr, guide=None, **options: bicubic(torch.from_numpy(lr)[None], 4)[0].numpy()
    mean = evaluate(image, model).mean
    assert mean["model"].to_json() == mean["bicubic"].to_json()
    assert mean["model"].psnr_db < mean["back_projection"].psnr_db


def test_a_shifted_result_scores_its_shift(model, image, dn):
    hr = (dn / 10_000).astype(np.float32)
    off = np.roll(hr, (-3, 2), axis=(1, 2))
    scores = evaluate(image, answering(model, off + np.float32(0.01))).mean["model"]
    assert scores.shift_px == pytest.approx(math.hypot(3, 2))
    assert scores.cpsnr_db > 80 > 40 > scores.psnr_db
    assert scores.improvement > 0.8  # opensr-test takes the shift out first
    assert scores.spatial_px == pytest.approx(math.hypot(3, 2) / 4, abs=0.05)
    assert scores.frc == pytest.approx((1.0,) * 9)


def test_lr_is_simulated_and_goes_through_predict(model, image, dn):
    hr = (dn / 10_000).astype(np.float32)
    lr = simulate(hr, model.scale, wald_mtf(model.config.mtf_nyquist, model.scale))
    expected = psnr(inner(model.predict(lr)), inner(hr))
    assert evaluate(image, model).mean["model"].psnr_db == pytest.approx(expected, abs=1e-3)


def test_a_silent_model_scores_at_least_like_three_back_projections(model, image):
    """Switch off the generator, so that the model is the consistency projection of bicubic."""
    with torch.no_grad():
        model.generator.tail.weight.zero_()
        model.generator.tail.bias.zero_()
    mean = evaluate(image, model).mean
    simple = mean["back_projection"].psnr_db
    assert mean["bicubic"].psnr_db < simple < mean["model"].psnr_db < simple + 0.1


def test_an_image_is_read_as_the_user_states(model, image, write_tif, dn):
    odd = write_tif(dn[::-1] * np.uint16(3), "odd.tif", bands=("a", "b", "c", "d"))
    with pytest.raises(InputError, match="--band-names"):
        evaluate(odd, model)
    found = evaluate(odd, model, scale=1 / 30_000, nodata="none", band_names=RGBN[::-1], sensor="sentinel2")
    expected = evaluate(image, model).mean["model"]
    assert found.mean["model"].psnr_db == pytest.approx(expected.psnr_db, abs=1e-3)


def test_an_image_of_another_sensor_is_refused(model, image):
    with pytest.raises(InputError, match="landsat-oli"):
        evaluate(image, model, sensor="landsat-oli")


def test_sizes_that_the_scale_does_not_divide_are_cut(model, image, write_tif, dn):
    uneven = write_tif(np.pad(dn, ((0, 0), (0, 3), (0, 1))), "uneven.tif")
    assert evaluate(uneven, model).mean["model"].to_json() == evaluate(image, model).mean["model"].to_json()


def test_the_border_does_not_count(model, image, write_tif, dn):
    spoiled = dn.copy()
    spoiled[:, 0, :] = 60_000  # far enough from what counts: four LR pixels in, the blur has forgotten it
    dirty = evaluate(write_tif(spoiled, "spoiled.tif"), model).mean
    assert dirty["bicubic"].psnr_db == pytest.approx(evaluate(image, model).mean["bicubic"].psnr_db, abs=0.05)


def test_pairs_take_their_own_lr(model, write_tif, dn, tmp_path):
    for folder in ("hr", "lr"):
        (tmp_path / folder).mkdir()
    hr = write_tif(dn, "hr/place.tif")
    write_tif(dn[:, ::4, ::4], "lr/place.tif")
    pairs, simulated = evaluate(tmp_path, model), evaluate(hr, model)
    assert pairs.protocol == "pairs"
    assert pairs.mean["bicubic"].psnr_db < simulated.mean["bicubic"].psnr_db - 1
    assert pairs.mean["hr"].sensor > 0.001  # these LR pixels were picked, not seen by the sensor


def test_without_a_reference_only_some_figures_exist(model, image):
    report = evaluate(image, model, reference=False)
    scores = report.mean["model"]
    assert report.protocol == "real"
    assert set(report.mean) == {"bicubic", "back_projection", "model"}
    assert all(math.isnan(value) for value in (scores.psnr_db, scores.ssim, scores.improvement))
    assert 0 < scores.sensor < report.mean["bicubic"].sensor
    assert 0.9 < scores.sensor_frc <= 1
    assert scores.tiles < 1e-6
    assert report.mean["bicubic"].spectrum_db == pytest.approx((0.0,) * 9, abs=1e-5)
    assert scores.spectrum_db[-1] > 3


def test_holes_change_little_and_are_counted(model, write_tif, dn):
    holed = dn.copy()
    holed[:, 40:50, 60:72] = 0
    whole, part = evaluate(write_tif(dn), model), evaluate(write_tif(holed, "holed.tif", nodata=0), model)
    assert whole.images[0].valid == 1
    assert part.images[0].valid == pytest.approx(1 - 120 / (80 * 96))
    for name in ("psnr_db", "ssim", "sam_deg", "cpsnr_db", "reflectance", "sensor", "improvement"):
        assert getattr(part.mean["model"], name) == pytest.approx(getattr(whole.mean["model"], name), rel=0.15)
    real = evaluate(write_tif(holed[:, :80, :96], "real.tif", nodata=0), model, reference=False)
    assert real.mean["model"].tiles < 1e-6
    assert math.isfinite(real.mean["model"].sensor)


@pytest.mark.parametrize("reference", [True, False])
def test_models_with_a_guide_are_evaluated_on_products(tmp_path, reference):
    torch.manual_seed(0)
    config = SISRConfig(scale=2, bands=("B05", "B11"), guide_bands=RGBN, channels=16, blocks=1)
    images = {(band, 10): scene_dn(256, 256)[index] for index, band in enumerate(RGBN)}
    images |= {(band, 20): scene_dn(128, 128, seed=1)[index] for index, band in enumerate(config.bands)}
    report = evaluate(build_safe(tmp_path, images, offset=0), SISR(config).eval(), reference=reference)
    assert list(report.sites) == ["T33TWL"]
    assert math.isfinite(report.mean["model"].sensor)
    assert len(report.mean["model"].band_psnr_db) == (2 if reference else 0)
    assert list(report.mean) == ["bicubic", "back_projection", "glp", "model"] + ["hr"] * reference
    assert report.mean["glp"].sensor < report.mean["bicubic"].sensor


def test_every_site_counts_once(model, write_tif, tmp_path):
    for name in ("a_2019.tif", "a_2020.tif", "b_2020.tif"):
        write_tif(scene_dn(96, 96, seed=len(name) + ord(name[5])) // (1 + (name[0] == "b")), name)
    report = evaluate(tmp_path, model)
    by_name = {each.name: each.scores["model"].psnr_db for each in report.images}
    site_a = (by_name["a_2019.tif"] + by_name["a_2020.tif"]) / 2
    assert report.sites["a"]["model"].psnr_db == pytest.approx(site_a)
    assert report.mean["model"].psnr_db == pytest.approx((site_a + by_name["b_2020.tif"]) / 2)


def test_a_limit_chooses_by_the_seed(model, write_tif, tmp_path):
    for index in range(6):
        write_tif(scene_dn(64, 64), f"{index}.tif")
    chosen = [tuple(each.name for each in evaluate(tmp_path, model, limit=2, seed=seed).images) for seed in range(4)]
    assert all(len(names) == 2 for names in chosen)
    assert len(set(chosen)) > 1
    assert chosen[0] == tuple(each.name for each in evaluate(tmp_path, model, limit=2).images)


def test_unusable_images_are_named_and_the_rest_is_evaluated(model, write_tif, tmp_path, caplog):
    write_tif(scene_dn(64, 64), "good.tif")
    write_tif(scene_dn(40, 64), "small.tif")
    write_tif(scene_dn(64, 64) * np.uint16(0), "empty.tif", nodata=0)
    report = evaluate(tmp_path, model)
    assert [each.name for each in report.images] == ["good.tif"]
    assert [each.name for each in report.skipped] == ["empty.tif", "small.tif"]
    assert "empty.tif is left out: 0% of its pixels hold data" in caplog.text
    (tmp_path / "good.tif").unlink()
    with pytest.raises(InputError, match="50%"):
        evaluate(tmp_path, model)


def test_progress_counts_to_the_end(model, write_tif, tmp_path):
    for index in range(3):
        write_tif(scene_dn(64, 64), f"{index}.tif")
    seen = []
    evaluate(tmp_path, model, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_on_real_imagery_the_figures_are_as_large_as_they_should_be(data):
    """Compare with the order of magnitude that others measured: see docs/evaluation.md."""
    mean = evaluate(sorted((data / "sentinel2").glob("burgundy_74_*.tif"))).mean
    model, simple = mean["model"], mean["back_projection"]
    assert mean["bicubic"].psnr_db + 1 < simple.psnr_db < model.psnr_db - 0.5
    assert mean["bicubic"].ssim < simple.ssim < model.ssim
    assert mean["bicubic"].sam_deg > simple.sam_deg > model.sam_deg
    assert mean["bicubic"].improvement < simple.improvement < model.improvement
    assert 0.0005 < mean["hr"].reflectance < mean["bicubic"].reflectance < 0.005
    assert model.reflectance == pytest.approx(mean["hr"].reflectance, rel=0.15)
    assert 0.1 < mean["hr"].spectral_deg < mean["bicubic"].spectral_deg < 0.8
    assert model.sensor < 0.0006 < 0.002 < mean["bicubic"].sensor
    assert model.shift_px == 0
    assert model.spatial_px < 0.02
    assert all(np.diff(model.frc[:6]) < 0)


@pytest.mark.parametrize("unseen", [True, False, None])
def test_the_report_keeps_the_statement_about_training(model, image, unseen):
    assert evaluate(image, model, unseen=unseen).unseen is unseen


@pytest.mark.parametrize(("option", "value"), [("limit", 0), ("pictures", -1)])
def test_options_out_of_range_are_refused(model, image, option, value):
    with pytest.raises(InputError, match=option):
        evaluate(image, model, **{option: value})


@pytest.mark.parametrize(("package", "pictures"), [("torchmetrics", 0), ("matplotlib", 1)])
def test_a_missing_package_is_named_before_the_work(model, image, monkeypatch, package, pictures):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=package):
        evaluate(image, model, pictures=pictures)


def test_all_unusable_images_are_named_at_once(model, write_tif, tmp_path):
    paths = [write_tif(scene_dn(300, 300), "good.tif")]
    paths += [write_tif(scene_dn(64, 64), f"{name}.tif", bands=("a", "b", "c", "d")) for name in ("one", "two")]
    with pytest.raises(InputError, match=r"one\.tif") as caught:
        evaluate(paths, model)
    assert "two.tif" in str(caught.value) and "2 of 3" in str(caught.value)
