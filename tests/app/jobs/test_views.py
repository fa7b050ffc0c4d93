"""Several images of one place: their facts and pictures, and the result that a visitor can repeat."""

import dataclasses
import shlex

import numpy as np
import pytest
import rasterio

from app.jobs.queue import DONE
from app.jobs.recipe import command, snippet
from app.jobs.request import make_revisits_request
from app.jobs.sample import SAMPLE_BANDS, sample_dn, write_sample_revisits
from app.jobs.submit import submit_views
from app.jobs.views import in_shown_order, read_views, thumbnail
from app.jobs.worker import compute
from rs_srgan import InputError, super_resolve
from rs_srgan.cli.main import main
from rs_srgan.hub.names import REVISITS_MODEL
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.inspection import inspect_image
from rs_srgan.sensors import RGBN


@pytest.fixture(scope="module")
def done(tmp_path_factory, models):
    """The computed views of the sample: the folder of the results, and the request."""
    folder, made = tmp_path_factory.mktemp("views"), tmp_path_factory.mktemp("made")
    first, *others = write_sample_revisits(folder)
    request = dataclasses.replace(make_revisits_request(models, REVISITS_MODEL), source=first, others=tuple(others))
    list(compute(request, made))
    return made, request


def pixels(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


def test_each_view_has_facts_and_a_picture(done):
    folder, request = done
    views = read_views(folder)
    assert {view["name"] for view in views} == {source.name for source in request.sources}
    assert sum(view["weight"] for view in views) == pytest.approx(1, abs=1e-4)
    assert all(view["clear"] > 0.95 for view in views)  # shifted views do not cover a border
    shift = {view["name"]: (view["shift"]["rows"], view["shift"]["cols"]) for view in views}
    own = shift["simulated_2023-06-01.tif"]
    # content that is sampled further down appears further up
    moved = np.subtract(shift["simulated_2023-06-06.tif"], own)
    np.testing.assert_allclose(moved, (-0.5, 0.25), atol=0.05)
    for number in range(4):
        assert thumbnail(folder, number).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=r"\b4\b"):
        thumbnail(folder, 4)


def test_views_without_data_in_their_middle_have_pictures(models, write_tif, tmp_path):
    random, sources = np.random.default_rng(0), []
    for name in ("a.tif", "b.tif"):
        dn = sample_dn()[:, :80] + random.integers(0, 20, (4, 80, 300), np.uint16)
        dn[:, :, 100:200] = 0
        sources.append(write_tif(dn, name, bands=SAMPLE_BANDS))
    request = make_revisits_request(models, REVISITS_MODEL)
    list(compute(dataclasses.replace(request, source=sources[0], others=tuple(sources[1:])), tmp_path))
    assert all(thumbnail(tmp_path, number).exists() for number in range(2))


def test_what_was_read_is_told_of_the_reference_first(done, tmp_path):
    folder, request = done
    images = [inspect_image(source, RGBN) for source in request.sources]
    ordered = in_shown_order(folder, images)
    assert [image.name for image in ordered] == [view["name"] for view in read_views(folder)]
    assert in_shown_order(tmp_path, images[:1]) == images[:1]


def test_several_views_are_more_accurate_than_one(done, tmp_path):
    """The chip from which the views are simulated is the truth at x2."""
    _folder, request = done
    one, several = (
        super_resolve(
            sources, tmp_path / f"{name}.tif", name, **({"reference": 0} if len(sources) > 1 else {}), precision="fp32"
        )
        for name, sources in (("sisr-x2-rgbn", request.sources[:1]), ("misr-x2-rgbn", request.sources))
    )
    truth = sample_dn().astype(float)[[2, 1, 0, 3]]
    errors = [((pixels(path) - truth)[:, 16:-16, 16:-16] ** 2).mean() for path in (one, several)]
    assert 10 * np.log10(errors[0] / errors[1]) > 1


def test_the_mean_of_copies_is_the_image(done, tmp_path):
    folder, request = done
    reference = pixels(folder / "lr.tif")
    assert np.abs(pixels(folder / "mean.tif") - reference).mean() > 1e-3  # the mean of different views is not
    copies = dataclasses.replace(request, others=(request.source,) * 2)
    list(compute(copies, tmp_path))
    np.testing.assert_allclose(pixels(tmp_path / "mean.tif"), pixels(tmp_path / "lr.tif"), atol=1e-5)


def test_the_input_is_the_reference(done, models):
    folder, request = done
    whole = Window(0, 0, 40, 40)
    reference = read_views(folder)[0]
    with rasterio.open(request.source.parent / reference["name"]) as dataset:
        order = [dataset.descriptions.index(band) + 1 for band in models.config(REVISITS_MODEL).bands]
        expected = dataset.read(order)[:, *whole.slices] / 10_000
    np.testing.assert_allclose(pixels(folder / "lr.tif")[:, *whole.slices], expected, atol=1e-6)


def test_command_and_snippet_give_the_same_pixels(done, monkeypatch):
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


def test_masked_pixels_do_not_count_on_the_server_and_at_home(jobs, models, tmp_path, monkeypatch):
    request = make_revisits_request(models, REVISITS_MODEL)
    first, second, *_ = write_sample_revisits(tmp_path)
    mask = tmp_path / f"{second.stem}_mask.tif"
    with rasterio.open(second) as like:
        profile = like.profile | {"count": 1, "dtype": "uint8", "nodata": None}
    half = np.ones((1, profile["height"], profile["width"]), np.uint8)
    half[..., : profile["width"] // 2] = 0
    with rasterio.open(mask, "w", **profile) as out:
        out.write(half)
    job, unmasked = submit_views(jobs, [first, second, mask], request), submit_views(jobs, [first, second], request)
    assert jobs.wait(job, 120) and job.state == DONE, job.message
    assert jobs.wait(unmasked, 120) and unmasked.state == DONE, unmasked.message
    views = read_views(job.folder)
    assert [(view["name"], view["mask"], view["role"]) for view in views] == [
        (first.name, "-", "reference"),
        (second.name, mask.name, "used"),
    ]
    assert views[1]["clear"] == pytest.approx(0.5, abs=0.02)
    result = pixels(job.folder / "sr0.tif")
    assert np.abs(result - np.float32(pixels(unmasked.folder / "sr0.tif")))[..., :100].mean() > 5
    monkeypatch.chdir(tmp_path)  # the visitor's folder
    names = [[view[key] for view in views] for key in ("name", "mask")]
    words = shlex.split(command(job.request, *names).splitlines()[0])
    made = tmp_path / words[words.index("-o") + 1]
    assert words[words.index("--masks") + 1 :][:2] == ["-", mask.name]
    assert main(words[1:]) == 0
    np.testing.assert_array_equal(pixels(made), result)
    made.unlink()
    exec(snippet(dataclasses.replace(job.request, models=job.request.models[:1]), *names), {})
    np.testing.assert_array_equal(pixels(made), result)
