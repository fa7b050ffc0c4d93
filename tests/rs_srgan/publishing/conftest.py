"""Made-up figures, and folders of models that have them."""

import json

import pytest

from rs_srgan import MISR, MISRConfig, load_model
from rs_srgan.figures.calibration import Calibration
from rs_srgan.figures.metrics import METRICS_FILE, Group, Metrics, write_metrics
from rs_srgan.figures.scores import Scores
from rs_srgan.figures.tracks import Track
from rs_srgan.publishing import describe

# The repository that the tests push a small model to, and the files that they push.
NAME = "organisation/small-model"
PARTS = {"README.md", "about.toml", "config.json", "metrics.json", "model.safetensors", "pictures/report_curves.png"}

PSNR = {"bicubic": 30.0, "back_projection": 31.0, "model": 32.5}


def make_scores(psnr):
    return Scores(
        psnr_db=psnr,
        ssim=0.5,
        sam_deg=0.5,
        improvement=0.5,
        omission=0.25,
        hallucination=0.25,
        sensor=0.001,
        reflectance=0.001,
        spectral_deg=0.001,
        band_psnr_db=(psnr,) * 4,
        spectrum_db=tuple(-float(tenth) for tenth in range(9)),
    )


def make_group(title="Sentinel-2, 40 m to 10 m", unseen=True, **values):
    mean = {method: make_scores(psnr) for method, psnr in PSNR.items()}
    return Group(title, "simulated", unseen, mean, {"dell": PSNR}, **values)


@pytest.fixture
def metrics():
    """Make the figures of a model for single images."""
    calibration = Calibration(0.81, 0.5, 0.4, 0.6, (0.01,) * 10, (0.02,) * 10)
    return Metrics("f", {"sentinel2": make_group(dataset="sentinel-2")}, {"sentinel2": calibration})


@pytest.fixture
def measured(model_folder, metrics):
    """Write the folder of a model for single images, with figures."""
    write_metrics(metrics, model_folder / METRICS_FILE)
    return model_folder


@pytest.fixture
def tracks():
    """Make the figures of a model for several revisits: one track with many sites, and one with a loss."""
    sites = {f"site {number}": {1: 30.0, 2: 30.5, 8: 31.0 + number / 100} for number in range(30)}
    mean = {
        "bicubic": {1: 29.0, 2: 29.0, 8: 29.0},
        "shift_and_add": {1: 29.5, 2: 29.8, 8: 30.1},
        "model": {1: 30.0, 2: 30.5, 8: 31.15},
    }
    three = {method: {1: each[1], 3: each[8]} for method, each in mean.items()}
    return {
        "A": Track("simulated: Sentinel-2, noise", True, mean, sites, (0.004, 0.01), "sentinel-2"),
        "NAIP": Track("real", True, three, {"a": {1: 30.0, 3: 29.5}}, None, "naip"),
    }


@pytest.fixture
def measured_several(tmp_path, tracks):
    """Write the folder of a model for several revisits, with figures."""
    MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16)).save_pretrained(tmp_path / "several")
    write_metrics(Metrics("f", tracks=tracks), tmp_path / "several" / METRICS_FILE)
    return tmp_path / "several"


@pytest.fixture
def report(model_folder, tmp_path):
    """Write an evaluation's report of the small model, with one picture."""
    scores = {"psnr_db": 31.0, "ssim": 0.8, "sensor": 0.001, "band_psnr_db": [31.0] * 4, "spectrum_db": [-1.0] * 9}
    mean = dict.fromkeys(("bicubic", "back_projection", "model", "hr"), scores)
    fingerprint = load_model(model_folder).fingerprint()
    about = {"name": "small-model", "fingerprint": fingerprint, "scale": 4, "bands": ["B04", "B03", "B02", "B08"]}
    folder = tmp_path / "report"
    (folder / "pictures").mkdir(parents=True)
    content = {"model": about, "protocol": "simulated", "date": "2026-01-02", "mean": mean, "sites": {"dell": mean}}
    (folder / "report.json").write_text(json.dumps(content))
    (folder / "curves.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    return folder


@pytest.fixture
def described(model_folder, report):
    """Write the small model's folder with card, figures and picture."""
    describe(model_folder, reports=[report], name=NAME)
    return model_folder
