"""Images for reports, and reports with made-up figures."""

import math

import pytest

from rs_srgan.evaluation.images import Skipped
from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.report.report import ImageScores, Report
from rs_srgan.figures.scores import Scores
from tests.conftest import scene_dn


@pytest.fixture
def images(write_tif, tmp_path):
    """Write four images of three sites, and one that is too small."""
    (tmp_path / "images").mkdir()
    for index, name in enumerate(("a_2019", "a_2020", "b|c_2020", "d")):
        write_tif(scene_dn(80, 96, seed=index), f"images/{name}.tif")
    write_tif(scene_dn(12, 40), "images/small.tif")
    return tmp_path / "images"


def make_scores(psnr):
    levels = tuple(-10.0 * frequency for frequency in FREQUENCIES)
    return Scores(
        psnr_db=psnr, ssim=0.9, shift_px=0.0, sensor=0.001, band_psnr_db=(psnr, psnr), spectrum_db=levels, frc=levels
    )


@pytest.fixture
def make_report():
    """Return a function that makes a report about two images of site a and one of site b|c."""

    def make(protocol="simulated", guided=False, **values):
        def by_method(psnr):
            scores = {"bicubic": psnr - 2, "back_projection": psnr - 1, "model": psnr}
            if guided:
                scores = {"bicubic": psnr - 2, "back_projection": psnr - 1, "glp": psnr - 0.25, "model": psnr}
            return {method: make_scores(value if protocol != "real" else math.nan) for method, value in scores.items()}

        found = (
            ImageScores("a_2019.tif", "a", 1.0, by_method(30.0)),
            ImageScores("a_2020.tif", "a", 0.5, by_method(32.0)),
            ImageScores("b|c_2020.tif", "b|c", 1.0, by_method(35.0)),
        )
        skipped = (Skipped("small.tif", "40 x 12 pixels"),)
        return Report("small-model", "f", 4, ("B04", "B08"), protocol, found, skipped, **values)

    return make
