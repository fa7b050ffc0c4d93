"""Several images of one place, from the form to what is shown and taken home."""

import dataclasses
import shlex
import time

import numpy as np
import pytest
import rasterio

from app.layers import BICUBIC, INPUT, MEAN, OTHER, SR, view_of
from app.recipe import command, snippet
from app.request import MAX_VIEWS, make_revisits_request
from app.revisits_tab import submit_views
from app.sample import write_sample_revisits
from app.views import read_views, thumbnail
from app.worker import compute
from rs_srgan import InputError, super_resolve
from rs_srgan.cli import main
from rs_srgan.sources import REVISITS_MODEL
from rs_srgan.tiling import Window
from tests.app.conftest import sample_dn


@pytest.fixture
def request_(models):
    return make_revisits_request(models, REVISITS_MODEL)


@pytest.fixture(scope="module")
def done(tmp_path_factory, models):
    """The sample's views, computed: the folder, the views' files and the request."""
    folder, made = tmp_path_factory.mktemp("views"), tmp_path_factory.mktemp("made")
    first, *others = write_sample_revisits(folder)
    request = dataclasses.replace(make_revisits_request(models, REVISITS_MODEL), source=first, others=tuple(others))
    list(compute(request, made))
    return made, request


def pixels(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


def test_the_form_makes_a_job_of_the_sample_and_it_is_done(jobs, request_):
    job = submit_views(jobs, [], request_)
    assert jobs.wait(job, 120)
    assert job.state == "done", job.message
    assert [view["role"] for view in read_views(job.folder)] == ["reference", "used", "used", "used"]
    view = view_of(job, [jobs.models.config(name) for name in job.request.models])
    assert {INPUT, MEAN, BICUBIC, SR, OTHER} <= set(view.layers)


def test_every_view_is_told_and_shown(done):
    folder, request = done
    told = read_views(folder)
    assert {view["name"] for view in told} == {source.name for source in request.sources}
    assert sum(view["weight"] for view in told) == pytest.approx(1, abs=1e-4)
    assert all(view["clear"] > 0.95 for view in told)  # a border lies beside the shifted ones
    shift = {view["name"]: (view["shift"]["rows"], view["shift"]["cols"]) for view in told}
    own = shift["simulated_view_1.tif"]
    # what is sampled further down is content further up
    moved = np.subtract(shift["simulated_view_2.tif"], own)
    np.testing.assert_allclose(moved, (-0.5, 0.25), atol=0.05)
    for number in range(4):
        assert thumbnail(folder, number).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="no view 4"):
        thumbnail(folder, 4)


def test_several_views_are_nearer_to_what_they_are_of_than_one(done, tmp_path):
    """The views are of a chip that is known: at x2 it can be compared."""
    _folder, request = done
    one, several = (
        super_resolve(
            sources, tmp_path / f"{name}.tif", name, **({"reference": 0} if len(sources) > 1 else {}), precision="fp32"
        )
        for name, sources in (("sisr-x2-rgbn", request.sources[:1]), ("misr-x2-rgbn", request.sources))
    )
    truth = pixels(request.source.parent / "sentinel2_sample.tif").astype(float)[[2, 1, 0, 3]]
    errors = [((pixels(path) - truth)[:, 16:-16, 16:-16] ** 2).mean() for path in (one, several)]
    assert 10 * np.log10(errors[0] / errors[1]) > 1


def test_the_mean_of_copies_is_the_image_and_that_of_views_is_none_of_them(done, request_, tmp_path):
    folder, request = done
    reference = pixels(folder / "lr.tif")
    assert np.abs(pixels(folder / "mean.tif") - reference).mean() > 1e-3
    copies = dataclasses.replace(request_, source=request.source, others=(request.source,) * 2)
    list(compute(copies, tmp_path))
    np.testing.assert_allclose(pixels(tmp_path / "mean.tif"), pixels(tmp_path / "lr.tif"), atol=1e-5)


def test_command_and_lines_make_the_same_pixels(done, monkeypatch):
    folder, request = done
    monkeypatch.chdir(request.source.parent)
    images = [view["name"] for view in read_views(folder)]
    several, one = command(request, images).splitlines()
    made = request.source.parent / shlex.split(several)[shlex.split(several).index("-o") + 1]
    assert main(shlex.split(several)[1:]) == 0
    np.testing.assert_array_equal(pixels(made), pixels(folder / "sr0.tif"))
    assert len([word for word in shlex.split(one) if word.startswith("simulated")]) == 2  # one image, one result
    made.unlink()
    (request.source.parent / shlex.split(one)[shlex.split(one).index("-o") + 1]).unlink(missing_ok=True)
    exec(snippet(request, images), {})
    np.testing.assert_array_equal(pixels(made), pixels(folder / "sr0.tif"))


def test_a_wrong_request_is_a_clear_line(jobs, request_, models, write_tif, tmp_path):
    one = str(write_tif(np.ones((4, 8, 8), np.uint16)))
    other = tmp_path / "a.vrt"
    other.write_text("<VRTDataset/>")
    for files, words in (
        ([one], "That is one image"),
        ([one] * (MAX_VIEWS + 1), f"at most {MAX_VIEWS}"),
        ([one, str(other)], "a.vrt is none of"),
        ([one, str(tmp_path / "gone.tif")], "cleared away"),
    ):
        before = set(jobs.settings.folder.iterdir())
        with pytest.raises(InputError, match=words):
            submit_views(jobs, files, request_)
        assert set(jobs.settings.folder.iterdir()) == before
    with pytest.raises(InputError, match="takes one image; expected one of misr-x4-rgbn"):
        make_revisits_request(models, "sisr-x4-rgbn")


def test_two_uploads_of_one_name_are_two_views(jobs, request_, done, tmp_path):
    _, request = done
    files = []
    for number, source in enumerate(request.sources[:2]):
        (tmp_path / f"{number}").mkdir()
        files.append(tmp_path / f"{number}" / "scene.tif")
        files[-1].write_bytes(source.read_bytes())
    job = submit_views(jobs, list(map(str, files)), request_)
    assert jobs.wait(job, 120)
    assert job.state == "done", job.message
    assert [view["role"] for view in read_views(job.folder)] == ["reference", "used"]


def test_a_stop_is_heard(jobs, request_):
    """Also while views are registered, of which no tile tells."""
    job = submit_views(jobs, [], request_)
    until = time.monotonic() + 30
    while job.state == "waiting" and time.monotonic() < until:
        time.sleep(0.01)
    assert job.state == "running"
    jobs.stop(job)
    assert jobs.wait(job, 30)
    assert job.state == "stopped"
    assert not job.folder.exists()


def test_the_reference_is_what_the_view_is_of(done, models):
    folder, request = done
    whole = Window(0, 0, 40, 40)
    reference = read_views(folder)[0]
    with rasterio.open(request.source.parent / reference["name"]) as dataset:
        order = [dataset.descriptions.index(band) + 1 for band in models.config(REVISITS_MODEL).bands]
        expected = dataset.read(order)[:, *whole.slices] / 10_000
    np.testing.assert_allclose(pixels(folder / "lr.tif")[:, *whole.slices], expected, atol=1e-6)


@pytest.fixture
def clouded(write_tif):
    """The larger one shows clouds, and its scene classification says so."""
    land = sample_dn(120)
    clear = write_tif(land[:, :100, :100], "20230815_rgbn.tif", nodata=0)
    clouds = land // 4 + np.uint16(6000)
    rng = np.random.default_rng(0)
    clouds = write_tif(clouds + rng.integers(0, 3000, clouds.shape, np.uint16), "20230810_rgbn.tif", nodata=0)
    classes = write_tif(np.full((1, 120, 120), 9, np.uint8), "20230810_SCL.tif", bands=[None])
    return list(map(str, (clouds, clear, classes)))


def test_what_a_scene_classification_hides_does_not_count(jobs, request_, clouded, tmp_path, monkeypatch):
    job = submit_views(jobs, clouded, request_)
    assert jobs.wait(job, 120) and job.state == "done", job.message
    clear, clouds = read_views(job.folder)
    assert (clear["name"], clear["mask"], clear["role"]) == ("20230815_rgbn.tif", "-", "reference")
    assert (clouds["mask"], clouds["clear"]) == ("20230810_SCL.tif", 0)
    monkeypatch.chdir(tmp_path)  # where all were uploaded from
    told = [[view[key] for view in (clear, clouds)] for key in ("name", "mask")]
    words = shlex.split(command(job.request, *told).splitlines()[0])
    made = tmp_path / words[words.index("-o") + 1]
    assert words[words.index("--masks") + 1 :][:2] == ["-", "20230810_SCL.tif"]
    assert main(words[1:]) == 0
    np.testing.assert_array_equal(pixels(made), pixels(job.folder / "sr0.tif"))
    made.unlink()
    exec(snippet(dataclasses.replace(job.request, models=job.request.models[:1]), *told), {})
    np.testing.assert_array_equal(pixels(made), pixels(job.folder / "sr0.tif"))


def test_a_mask_that_is_of_no_image_or_of_several_is_a_clear_line(jobs, request_, clouded, write_tif):
    clouds, clear, _ = clouded
    for name, words in (("other_scl.tif", "is of none of the images"), ("2023_mask.tif", "is of 2 of the images")):
        mask = str(write_tif(np.ones((1, 120, 120), np.uint8), name, bands=[None]))
        with pytest.raises(InputError, match=words):
            submit_views(jobs, [clouds, clear, mask], request_)
    with pytest.raises(InputError, match="two masks"):
        submit_views(jobs, [*clouded, clouded[2]], request_)
    with pytest.raises(InputError, match="That is one image"):
        submit_views(jobs, [clear, mask], request_)
