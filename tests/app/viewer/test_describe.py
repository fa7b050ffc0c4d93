"""The JSON that the viewer reads."""

import dataclasses
import json

import numpy as np
import pytest

from app.errors import for_people
from app.jobs.models import Models
from app.jobs.queue import DONE, Job
from app.jobs.request import Request
from app.jobs.worker import Step
from app.pages.assets import LANGUAGES
from app.viewer.describe import EMPTY, describe_job, describe_pixel, describe_view, offered_files
from app.viewer.layers import BICUBIC, INPUT, OTHER, SR, UNCERTAINTY
from rs_srgan import InputError
from tests.app.viewer.conftest import MODELS, make_view


@pytest.fixture
def job(view, outlook, source) -> Job:
    return Job("x", "scene.tif", Request(source, MODELS, uncertainty=True), outlook, view.lr.path.parent, state=DONE)


def test_a_view_has_the_size_of_the_first_result(view, job):
    state = describe_view(view, job, Models(), "http://localhost/jobs/x")
    assert (state["height"], state["width"], state["scale"], state["gsd_m"]) == (600, 680, 4, 10)
    assert state["earth"]["bounds"] == pytest.approx((10.29, 46.03, 10.31, 46.05), abs=0.02)
    assert "http://localhost/jobs/x/tiles" in state["notebook"]
    assert "thinned out" in state["warning"]  # its edges are harder than those that a sensor sees
    assert "“Blur the image first” in the tab Patch" in state["warning"]  # other tabs do not have this field
    assert state["warning"] in json.loads(LANGUAGES["de"].read_text(encoding="utf-8"))["texts"]
    softened = dataclasses.replace(job, request=dataclasses.replace(job.request, soften=True))
    assert describe_view(view, softened, Models(), "")["warning"] is None
    assert state["command"].count("rs-srgan predict scene.tif") == 2
    assert [band["wavelength_nm"] for band in state["bands"]] == [664.8, 559.4, 492.3, 832.9]
    assert [each["reflectance"] for each in state["read"]] == ["reflectance = DN / 10000"]
    assert state["quantity"] == "Reflectance"
    json.dumps(state, allow_nan=False)


def test_a_result_without_data_is_told(tmp_path, write_tif, job):
    empty = make_view(tmp_path, write_tif(np.zeros((4, 30, 30), np.uint16), nodata=0), MODELS[:1])
    warning = describe_view(empty, job, Models(), "")["warning"]
    assert warning == for_people(EMPTY) and "“NoData value” none" in warning
    assert warning in json.loads(LANGUAGES["de"].read_text(encoding="utf-8"))["texts"]


def test_two_results_have_the_names_of_their_models(view, job):
    layers = describe_view(view, job, Models(), "")["layers"]
    names = {layer["id"]: layer["name"] for layer in layers}
    assert (names[SR], names[OTHER]) == MODELS


def test_files_are_offered_under_the_name_of_the_image(view, job):
    files = {file["file"]: file["as"] for file in offered_files(view, job)}
    assert files == {
        "sr0.tif": "scene_sisr-x4-rgbn.tif",
        "sr1.tif": "scene_sisr-x2-rgbn.tif",
        "uncertainty0.tif": "scene_uncertainty.tif",
        "lr.tif": "scene_input.tif",
    }


def test_names_are_those_of_the_product_whatever_its_archive_is_called(view, job, jobs):
    zipped = dataclasses.replace(job, title="download (3).zip", name="T33TWL_20230810")
    assert describe_job(zipped, jobs)["stem"] == "T33TWL_20230810"
    assert describe_job(job, jobs)["stem"] == "scene"
    assert "of \" + 'T33TWL_20230810'" in describe_view(view, zipped, Models(), "")["notebook"]


def test_progress_has_pace_and_time_left(jobs, job):
    assert "step" not in describe_job(job, jobs)
    state = describe_job(dataclasses.replace(job, step=Step(300, 900, 3.0)), jobs)
    assert state["step"] == {"done_px": 300, "total_px": 900, "px_per_s": 100}
    assert state["seconds"] == 3.0


def test_a_pixel_has_reflectance_and_dn(view):
    values = describe_pixel(view, 10, 20)
    assert set(values["layers"]) == {INPUT, BICUBIC, SR, OTHER, UNCERTAINTY}
    assert values["dn"] == pytest.approx([10_000 * value for value in values["layers"][SR]], abs=0.01)
    assert values["lat"] == pytest.approx(46.05, abs=0.01)


def test_nodata_has_no_values(view):
    values = describe_pixel(view, 260, 340)
    assert values["dn"] == values["layers"][SR] == [None] * 4


@pytest.mark.parametrize(("row", "col"), [(-1, 0), (0, 680), (600, 0)])
def test_a_pixel_outside_of_the_image_is_refused(view, row, col):
    with pytest.raises(InputError, match="outside"):
        describe_pixel(view, row, col)
