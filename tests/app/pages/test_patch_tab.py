import re
import shlex
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import rasterio

from app.jobs.queue import DONE
from app.jobs.recipe import command, snippet
from app.jobs.submit import submit_image
from app.pages.forms import NO_OTHER
from app.pages.patch_tab import patch_tab
from rs_srgan.cli.main import main
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.reading.stated import Stated
from tests.app.conftest import REQUEST, end, sample_dn


@pytest.fixture
def image(write_tif):
    return write_tif(sample_dn(16), bands=("B02", "B03", "B04", "B08"))


@pytest.fixture
def sample(jobs, image):
    """A small job instead of the one that all visitors see first."""
    sample = submit_image(jobs, image, REQUEST)
    jobs.wait(sample)
    return sample


@pytest.fixture
def submit(jobs, models, sample):
    """Return the function of the button, with options that visitors did not touch filled in."""
    with gr.Blocks() as page, gr.Tabs():
        patch_tab(jobs, models, sample)
    (click,) = [each.fn for each in page.fns.values() if each.fn.__name__ == "submit"]

    def press(file=None, model=DEFAULT_MODEL, other=NO_OTHER, detail=1, uncertainty=True, use_sample=True, **read):
        read = {"band_names": "", "scale": "", "offset": "", "nodata": "", "soften": False} | read
        return click(file, model, other, detail, uncertainty, use_sample, *read.values())

    return press


def pixels(path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read()


def job_of(jobs, answer: str):
    return jobs.get(re.fullmatch(r'<sr-job data-id="([^"]+)" data-remember></sr-job>', answer)[1])


def test_an_image_becomes_a_job_with_the_chosen_options(submit, jobs, image):
    job = job_of(jobs, submit(str(image), "sisr-x2-rgbn", DEFAULT_MODEL, 1, False, offset="-1000"))
    assert job.title == "scene.tif"
    assert job.request.models == ("sisr-x2-rgbn", DEFAULT_MODEL)
    assert (job.request.uncertainty, job.request.stated) == (False, Stated(offset=-1000))
    end(jobs, job)


def test_bands_in_another_order_give_the_pixels_of_the_command(submit, jobs, write_tif, monkeypatch, tmp_path):
    """The names of the bands, typed into the field, have the effect of --band-names."""
    names = "B08,-,B02,B03,B04"
    dn = np.concatenate([sample_dn(24)[[3, 0]], sample_dn(24)[:3]])
    unnamed = write_tif(dn, "unnamed.tif", bands=None)
    job = job_of(jobs, submit(str(unnamed), uncertainty=False, band_names=names.replace(",", ", "), scale="1/10000"))
    assert jobs.wait(job, 60) and job.state == DONE, job.message
    line = command(job.request, ["unnamed.tif"])
    assert f"--scale 0.0001 --band-names {names}" in line
    assert f"band_names=[{names!r}]".replace(",", "', '") in snippet(job.request, ["unnamed.tif"])
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)
    assert main(words[1:]) == 0
    np.testing.assert_array_equal(pixels(words[words.index("-o") + 1]), pixels(job.folder / "sr0.tif"))
    # the same image with its bands described
    described = job_of(jobs, submit(str(write_tif(dn[[4, 3, 2, 0]])), uncertainty=False))
    assert jobs.wait(described, 60) and described.request.stated == Stated()
    np.testing.assert_array_equal(pixels(described.folder / "sr0.tif"), pixels(job.folder / "sr0.tif"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"band_names": "B02,B99,B04,B08"}, "B03 missing"),
        ({"band_names": "B02"}, "has 4 bands, and “Order of the bands” states 1"),
        ({"scale": "0"}, "The scale is 0; expected"),
        ({"scale": "much"}, "“DN scale”: &#x27;much&#x27; is neither"),
        ({"offset": "much"}, "“DN offset”: &#x27;much&#x27; is neither"),
        ({"nodata": "0 0"}, "“NoData value”: &#x27;0 0&#x27; is neither"),
        ({"nodata": "inf"}, "nodata is inf; expected a number, or none."),
    ],
)
def test_what_the_file_cannot_mean_is_a_message_in_the_words_of_the_page(submit, image, options, words):
    answer = submit(str(image), **options)
    assert 'role="alert"' in answer and words in answer
    assert "--" not in answer


def test_without_an_image_the_sample_is_used_and_kept(submit, jobs, sample):
    job = job_of(jobs, submit())
    assert job is not sample
    assert job.title == sample.title
    assert job.request.source.read_bytes() == sample.request.source.read_bytes()
    end(jobs, job)


def test_without_an_image_and_without_the_sample_nothing_runs(submit):
    answer = submit(use_sample=False)
    assert 'role="alert"' in answer and "no image" in answer


@pytest.mark.parametrize(
    ("options", "words"),
    [({"model": "/etc/passwd"}, "passwd"), ({"other": "none"}, "none"), ({"detail": 2}, "detail")],
)
def test_a_wrong_option_is_a_message_and_no_job(submit, settings, image, sample, options, words):
    before = set(settings.folder.iterdir())
    answer = submit(str(image), **options)
    assert 'role="alert"' in answer and words in answer
    assert "sr-job" not in answer
    assert set(settings.folder.iterdir()) == before


def test_a_wrong_image_is_a_message_without_its_folder(submit, tmp_path):
    Path(tmp_path, "a.tif").write_bytes(b"")
    answer = submit(str(tmp_path / "a.tif"))
    assert 'role="alert"' in answer and "a.tif" in answer
    assert str(tmp_path) not in answer


def test_the_first_picture_is_the_sample_and_the_address_does_not_lead_to_it(jobs, models, sample):
    with gr.Blocks(), gr.Tabs():
        tab = patch_tab(jobs, models, sample)
    assert tab.result.value == f'<sr-job data-id="{sample.id}"></sr-job>'
    assert tab.model.value == DEFAULT_MODEL
    assert [name for _, name in tab.model.choices] == models.names()
    assert [name for _, name in tab.other.choices] == [NO_OTHER, *models.names()]
