import re
from pathlib import Path

import gradio as gr
import pytest

from app.jobs.submit import SAMPLE_TITLE
from app.pages.forms import describe_model
from app.pages.revisits_tab import AUTOMATIC, key_of, revisits_tab, tell_apart
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL
from rs_srgan.reading.stated import Stated
from tests.app.conftest import end, sample_dn


@pytest.fixture
def page(jobs, models):
    with gr.Blocks() as page, gr.Tabs():
        revisits_tab(jobs, models)
    return page


@pytest.fixture
def submit(page):
    """Return the function of the button."""
    (click,) = [each.fn for each in page.fns.values() if each.fn.__name__ == "submit"]

    def press(files, model=REVISITS_MODEL, reference=AUTOMATIC, use_sample=True, known=(), used=(), **read):
        read = {"band_names": "", "scale": "", "offset": "", "nodata": ""} | read
        return click(files, model, list(known), list(used), reference, use_sample, *read.values())

    return press


@pytest.fixture
def call(page):
    """Return a function that calls a handler of the tab by its name."""
    handlers = {each.fn.__name__: each.fn for each in page.fns.values() if each.fn}
    return lambda name, *values: handlers[name](*values)


@pytest.fixture
def images(write_tif):
    bands = ("B02", "B03", "B04", "B08")
    return [str(write_tif(sample_dn(48)[:, i:, i:], f"{i}.tif", bands=bands)) for i in range(3)]


def job_of(jobs, answer: str):
    return jobs.get(re.fullmatch(r'<sr-job data-id="([^"]+)" data-remember></sr-job>', answer)[1])


def test_images_become_one_job_with_the_chosen_options(submit, jobs, images):
    job = job_of(jobs, submit(images, "misr-x2-rgbn", offset="-1000"))
    assert (job.request.models[0], job.request.stated) == ("misr-x2-rgbn", Stated(offset=-1000))
    assert [path.name for path in (job.request.source, *job.request.others)] == ["0.tif", "1.tif", "2.tif"]
    end(jobs, job)


def test_a_visitor_can_choose_the_reference(call, submit, jobs, images):
    masks = ["/there/0_scl.tif"]
    known, _, offered = call("offer", images + masks, [], [], AUTOMATIC)
    assert offered["choices"] == [AUTOMATIC, "0.tif", "1.tif", "2.tif"]
    assert call("offer", images[:2], known, known, "1.tif")[2]["value"] == "1.tif"  # the choice stays
    assert call("offer", images[:1], known, known, "1.tif")[2]["value"] == AUTOMATIC
    job = job_of(jobs, submit(images, reference="1.tif"))
    assert job.request.reference == 1
    end(jobs, job)


def test_images_are_chosen_unless_a_visitor_leaves_them_out(call, images):
    keys = [key_of(Path(image)) for image in images]
    known, used, _ = call("offer", images[:2], [], [], AUTOMATIC)
    assert (known, used["value"], used["visible"]) == (keys[:2], keys[:2], True)
    assert used["choices"] == [("0.tif", keys[0]), ("1.tif", keys[1])]
    assert not any(key.startswith("/") or str(Path(images[0]).parent) in key for key in keys)  # the page shows them
    offered = call("references", known, keys[1:2], "0.tif")
    assert (offered["choices"], offered["value"]) == ([AUTOMATIC, "1.tif"], AUTOMATIC)
    known, used, offered = call("offer", images, known, keys[1:2], AUTOMATIC)  # a further image is chosen
    assert used["value"] == keys[1:] and offered["choices"] == [AUTOMATIC, "1.tif", "2.tif"]
    known, used, _ = call("offer", images[:1], known, used["value"], AUTOMATIC)  # nothing to choose is left
    assert (used["visible"], used["value"]) == (False, keys[:1])


def test_an_image_that_is_left_out_is_in_no_job(submit, jobs, images):
    keys = [key_of(Path(image)) for image in images]
    job = job_of(jobs, submit(images, known=keys, used=keys[1:]))
    assert [path.name for path in job.request.sources] == ["1.tif", "2.tif"]
    end(jobs, job)
    late = job_of(jobs, submit(images, known=keys[:1], used=keys[:1]))  # the choice has not seen two files
    assert len(late.request.sources) == 3
    end(jobs, late)


@pytest.mark.parametrize(("used", "words"), [([], "No image is chosen"), ([0], "one image")])
def test_too_few_chosen_images_are_a_message_and_no_sample(submit, settings, images, used, words):
    keys = [key_of(Path(image)) for image in images]
    answer = submit(images, known=keys, used=[keys[index] for index in used])
    assert 'role="alert"' in answer and words in answer
    assert not list(settings.folder.iterdir())


def test_images_of_one_name_are_told_apart():
    paths = [Path(folder, name) for folder, name in (("a", "s.tif"), ("b", "t.tif"), ("c", "s.tif"))]
    assert tell_apart(paths) == ["s.tif (1)", "t.tif", "s.tif (2)"]


@pytest.mark.parametrize("nothing", [None, []])
def test_without_images_simulated_views_are_used(submit, jobs, nothing):
    job = job_of(jobs, submit(nothing))
    assert job.title == SAMPLE_TITLE
    assert len(job.request.others) == 3
    assert [mask is not None for mask in job.request.masks] == [False, False, True, False]
    end(jobs, job)


def test_without_images_and_without_the_sample_nothing_runs(submit):
    answer = submit(None, use_sample=False)
    assert 'role="alert"' in answer and "no images" in answer


@pytest.mark.parametrize(
    ("count", "model", "words"),
    [(1, REVISITS_MODEL, "one image"), (3, DEFAULT_MODEL, DEFAULT_MODEL), (3, "none", "none")],
)
def test_a_wrong_request_is_a_message_and_no_job(submit, settings, images, count, model, words):
    answer = submit(images[:count], model)
    assert 'role="alert"' in answer and words in answer
    assert "sr-job" not in answer
    assert not list(settings.folder.iterdir())


def test_models_for_several_images_are_offered_and_described(page, models):
    lists = [each["props"] for each in page.config["components"] if each["props"].get("label") == "Model"]
    (offered,) = [[name for _, name in each["choices"]] for each in lists]
    assert set(offered) == {"misr-x4-rgbn", "misr-x2-rgbn"}
    texts = [each["props"].get("value") for each in page.config["components"]]
    assert describe_model(models, REVISITS_MODEL) in texts
