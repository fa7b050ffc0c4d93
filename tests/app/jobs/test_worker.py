"""The computation of a job, without its process. Tests of the process are those of the queue."""

import dataclasses

import pytest
import rasterio

from app.jobs.worker import compute
from rs_srgan import InputError
from tests.app.conftest import REQUEST
from tests.conftest import scene_dn


def test_progress_counts_the_pixels_of_all_models(write_tif, tmp_path):
    source = write_tif(scene_dn(40, 50))
    request = dataclasses.replace(REQUEST, source=source, models=("sisr-x4-rgbn", "sisr-x2-rgbn"))
    made = tmp_path / "made"
    made.mkdir()
    *_, last, times = compute(request, made)
    assert len(times.seconds) == 2 + 3 * 2 and min(times.seconds) >= 0
    assert (last.done_px, last.total_px) == (4000, 4000)
    for name, width in (("lr.tif", 50), ("sr0.tif", 200), ("sr1.tif", 100)):
        with rasterio.open(made / name) as dataset:
            assert dataset.width == width


def test_a_missing_band_is_an_error(write_tif, tmp_path):
    source = write_tif(scene_dn(20, 20, bands=3), bands=("B04", "B03", "B02"))
    with pytest.raises(InputError, match="B08"):
        list(compute(dataclasses.replace(REQUEST, source=source), tmp_path))
