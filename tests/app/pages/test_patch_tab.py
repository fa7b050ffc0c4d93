import re
from pathlib import Path

import gradio as gr
import pytest

from app.jobs.submit import submit_image
from app.pages.forms import AS_TAGGED, NO_OTHER, OFFSETS
from app.pages.patch_tab import patch_tab
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.app.conftest import REQUEST, end, sample_dn

UNTAGGED = next(name for name in OFFSETS if name != AS_TAGGED)


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

    def press(
        file=None, model=DEFAULT_MODEL, other=NO_OTHER, detail=1, uncertainty=True, offset=AS_TAGGED, use_sample=True
    ):
        return click(file, model, other, detail, uncertainty, offset, use_sample)

    return press


def job_of(jobs, answer: str):
    return jobs.get(re.fullmatch(r'<sr-job data-id="([^"]+)" data-remember></sr-job>', answer)[1])


def test_an_image_becomes_a_job_with_the_chosen_options(submit, jobs, image):
    job = job_of(jobs, submit(str(image), "sisr-x2-rgbn", DEFAULT_MODEL, 1, False, UNTAGGED))
    assert job.title == "scene.tif"
    assert job.request.models == ("sisr-x2-rgbn", DEFAULT_MODEL)
    assert (job.request.uncertainty, job.request.offset) == (False, -1000)
    end(jobs, job)


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
