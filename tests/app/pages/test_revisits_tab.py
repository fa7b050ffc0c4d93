"""Several images of one place, from the form to what is shown and taken home."""

import dataclasses
import shlex
import time

import numpy as np
import pytest
import rasterio

from app.jobs.recipe import command, snippet
from app.jobs.request import MAX_VIEWS, make_revisits_request
from app.jobs.sample import write_sample_revisits
from app.jobs.views import read_views, thumbnail
from app.jobs.worker import compute
from app.pages.revisits_tab import submit_views
from app.viewer.layers import BICUBIC, INPUT, MEAN, OTHER, SR, view_of
from rs_srgan import InputError, super_resolve
from rs_srgan.cli.main import main
from rs_srgan.hub.names import REVISITS_MODEL
from rs_srgan.pixels.windows import Window
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


def test_what_a_scene_classification_hides_is_no_reference(jobs, request_, clouded):
    job = submit_views(jobs, clouded, request_)
    assert jobs.wait(job, 120) and job.state == "done", job.message
    clear, clouds = read_views(job.folder)
    assert (clear["name"], clear["mask"], clear["role"]) == ("20230815_rgbn.tif", "-", "reference")
    assert (clouds["mask"], clouds["clear"]) == ("20230810_SCL.tif", 0)


def test_what_a_mask_hides_does_not_count_here_nor_in_what_is_taken_home(jobs, request_, tmp_path, monkeypatch):
    first, second, *_ = write_sample_revisits(tmp_path)
    mask = tmp_path / f"{second.stem}_mask.tif"
    with rasterio.open(second) as like:
        profile = like.profile | {"count": 1, "dtype": "uint8", "nodata": None}
    half = np.ones((1, profile["height"], profile["width"]), np.uint8)
    half[..., : profile["width"] // 2] = 0
    with rasterio.open(mask, "w", **profile) as out:
        out.write(half)
    both = [str(first), str(second)]
    job, unmasked = submit_views(jobs, [*both, str(mask)], request_), submit_views(jobs, both, request_)
    assert jobs.wait(job, 120) and job.state == "done", job.message
    assert jobs.wait(unmasked, 120) and unmasked.state == "done", unmasked.message
    views = read_views(job.folder)
    assert [(view["name"], view["mask"], view["role"]) for view in views] == [
        (first.name, "-", "reference"),
        (second.name, mask.name, "used"),
    ]
    assert views[1]["clear"] == pytest.approx(0.5, abs=0.02)
    result = pixels(job.folder / "sr0.tif")
    assert np.abs(result - np.float32(pixels(unmasked.folder / "sr0.tif")))[..., :100].mean() > 5
    monkeypatch.chdir(tmp_path)  # where all were uploaded from
    told = [[view[key] for view in views] for key in ("name", "mask")]
    words = shlex.split(command(job.request, *told).splitlines()[0])
    made = tmp_path / words[words.index("-o") + 1]
    assert words[words.index("--masks") + 1 :][:2] == ["-", mask.name]
    assert main(words[1:]) == 0
    np.testing.assert_array_equal(pixels(made), result)
    made.unlink()
    exec(snippet(dataclasses.replace(job.request, models=job.request.models[:1]), *told), {})
    np.testing.assert_array_equal(pixels(made), result)


@pytest.mark.parametrize(
    ("mask", "images", "owner"),
    [
        ("a_scl.tif", ["b.tif", "a.tif", "a2.tif"], 1),
        ("a_SCL.tif", ["A_rgbn.tif", "a2_rgbn.tif"], 0),
        ("1_mask.tif", ["10.tif", "1.tif", "2.tif"], 1),
        ("T33TWL_20230810T100031_SCL_20m.jp2", ["t33twl_20230815.tif", "T33TWL_20230810T100031_rgbn.tif"], 1),
        ("a.tif_mask.tif", ["b.tif", "a.tif"], 1),
        ("a-scl.npy", ["b.npy", "a.npy"], 1),
    ],
)
def test_a_mask_is_of_the_image_whose_name_it_has(jobs, request_, write_tif, mask, images, owner):
    sources = [str(write_tif(sample_dn(64), image.replace(".npy", ".tif"), nodata=0)) for image in images]
    file = write_tif(np.ones((1, 64, 64), np.uint8), mask.replace(".jp2", ".tif").replace(".npy", ".tif"), bands=[None])
    asked = submit_views(jobs, [str(file), *sources], request_).request
    assert [each is not None for each in asked.masks] == [index == owner for index in range(len(images))]


def test_a_mask_that_is_of_no_image_or_of_several_or_does_not_fit_is_a_clear_line(jobs, request_, clouded, write_tif):
    clouds, clear, classes = clouded

    def mask(name, side=120):
        return str(write_tif(np.ones((1, side, side), np.uint8), name, bands=[None]))

    other = str(write_tif(sample_dn(64), "20230810_other.tif", nodata=0))
    for files, words in (
        ([clouds, clear, mask("other_scl.tif")], "other_scl.tif is of none of the images"),
        ([clouds, clear, mask("2023081_mask.tif")], "is of none of the images"),
        ([clouds, other, classes], "could be of 20230810_rgbn.tif and 20230810_other.tif. Name it 20230810_rgbn_scl"),
        ([clouds, clear, mask("20230810_rgbn_scl.tif", 50)], "50 x 50 pixels, which are not where"),
        ([*clouded, mask("20230810_mask.tif")], "20230810_rgbn.tif has two masks, 20230810_SCL.tif and 20230810_mask"),
        ([clear, mask("20230815_mask.tif")], "That is one image"),
        ([classes], "Add the images that they are of"),
    ):
        with pytest.raises(InputError, match=words):
            submit_views(jobs, files, request_)
