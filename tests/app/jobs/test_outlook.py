"""Requests that the server refuses before they enter the queue."""

import dataclasses

import numpy as np
import pytest
import rasterio

from app.jobs.outlook import look
from app.jobs.request import Request
from rs_srgan import InputError
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.reading.stated import Stated
from tests.conftest import scene_dn


def outlook(jobs, request):
    return look(request, jobs.models, jobs.settings, jobs.readers)


def refused(jobs, source, match) -> None:
    with pytest.raises(InputError, match=match):
        outlook(jobs, Request(source, (DEFAULT_MODEL,)))


def test_work_and_files_grow_with_models_and_images(jobs, write_tif):
    one = Request(write_tif(scene_dn(40, 50)), (DEFAULT_MODEL,))
    two = dataclasses.replace(one, models=(DEFAULT_MODEL, "sisr-x2-rgbn"))
    few, many = outlook(jobs, one), outlook(jobs, two)
    assert (few.work_px, many.work_px) == (2000, 4000)
    assert (few.grid.height, few.grid.width, few.scale) == (40, 50, 4)
    assert few.result_bytes < many.result_bytes


def test_a_huge_image_is_refused_before_anything_is_allocated(tmp_path, jobs):
    path = tmp_path / "huge.tif"
    profile = {"driver": "GTiff", "count": 4, "dtype": "uint16", "height": 200_000, "width": 200_000}
    with rasterio.open(path, "w", sparse_ok=True, tiled=True, bigtiff=True, **profile):
        pass
    refused(jobs, path, "40000")


def test_a_long_and_thin_image_is_refused(tmp_path, jobs):
    np.save(tmp_path / "thin.npy", np.ones((4, 1, 1_000_000), np.uint16))
    refused(jobs, tmp_path / "thin.npy", "long")


def test_a_result_larger_than_the_disk_is_refused(write_tif, jobs, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    refused(jobs, write_tif(scene_dn(50, 50)), "smaller")


def test_an_image_of_three_bands_is_told_of_the_model_for_them(write_tif, jobs):
    rgb = write_tif(scene_dn(20, 20, bands=3), "rgb.tif", bands=("B04", "B03", "B02"))
    with pytest.raises(InputError, match="srresnet-srgan-x4-rgb") as refusal:
        outlook(jobs, Request(rgb, (DEFAULT_MODEL,)))
    assert "has no B08" in str(refusal.value)
    assert "--" not in str(refusal.value)  # nothing for a terminal
    assert outlook(jobs, Request(rgb, ("srresnet-srgan-x4-rgb",))).scale == 4


def test_a_fourth_band_that_is_marked_as_alpha_may_be_a_band(write_tif, jobs):
    four = write_tif(scene_dn(20, 20, bands=4).clip(1, 255).astype("uint8"), "four.tif", bands=None)
    with pytest.raises(InputError, match="srresnet-srgan-x4-rgb") as refusal:
        outlook(jobs, Request(four, (DEFAULT_MODEL,)))
    assert "B04,B03,B02,B08" in str(refusal.value)
    stated = Stated(band_names=("B04", "B03", "B02", "B08"))
    assert outlook(jobs, Request(four, (DEFAULT_MODEL,), stated=stated)).scale == 4


@pytest.mark.parametrize(
    "name", ["nonsense", "../hub_cards", "hub_cards/sisr-x4-rgbn", "organisation/name", "/etc", ""]
)
def test_unknown_models_are_refused(write_tif, jobs, name):
    with pytest.raises(InputError, match="srgan-x4-rgbn"):
        outlook(jobs, Request(write_tif(scene_dn(8, 8)), (name,)))


def test_models_of_different_bands_are_not_compared(write_tif, jobs):
    request = Request(write_tif(scene_dn(8, 8)), (DEFAULT_MODEL, "sisr-x2-20m"))
    with pytest.raises(InputError, match="compare"):
        outlook(jobs, request)
