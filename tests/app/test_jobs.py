import numpy as np
import pytest
import rasterio
from app.views import BICUBIC, NEAREST, composites, picture_pair

from app.jobs import MAX_LR_PX, Job, work
from app.sample import write_sample
from rs_srgan import InputError
from rs_srgan.bands import RGBN
from rs_srgan.hub import DEFAULT_MODEL
from rs_srgan.physics import bicubic
from rs_srgan.radiometry import Stretch
from tests.conftest import scene_dn


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where jobs keep their results."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def finished(source) -> Job:
    *_, job = work(source, DEFAULT_MODEL, None)
    return job


def test_the_sample_is_the_documented_chip(tmp_path):
    with rasterio.open(write_sample(tmp_path)) as sample:
        assert sample.shape == (300, 300)
        assert sample.descriptions == ("B02", "B03", "B04", "B08")
        blue, green, red, nir = sample.read().mean((1, 2))
    assert blue < green < red < nir  # dry land; the order would show


def test_a_finished_job_has_its_result_until_it_is_deleted(write_tif, temporary):
    job = finished(write_tif(scene_dn(20, 30)))
    with rasterio.open(job.target) as result:
        assert result.shape == (80, 120)
    job.delete()
    assert not list(temporary.iterdir())


def test_a_stopped_job_leaves_nothing(write_tif, temporary):
    steps = work(write_tif(scene_dn(300, 300)), DEFAULT_MODEL, None)
    next(steps)
    steps.close()
    assert not list(temporary.iterdir())


def test_a_refused_image_leaves_nothing(write_tif, temporary):
    cut = write_tif(scene_dn(300, 300))
    cut.write_bytes(cut.read_bytes()[:300_000])
    with pytest.raises(InputError, match="truncated"):
        list(work(cut, DEFAULT_MODEL, None))
    assert not list(temporary.iterdir())


def test_a_huge_image_is_refused_before_anything_is_allocated(tmp_path, temporary):
    path = tmp_path / "huge.tif"
    profile = {"driver": "GTiff", "count": 4, "dtype": "uint16", "height": 200_000, "width": 200_000}
    with rasterio.open(path, "w", sparse_ok=True, tiled=True, bigtiff=True, **profile):
        pass
    with pytest.raises(InputError, match=r"40000\.0 million pixels; this page takes 1\.0 million"):
        list(work(path, DEFAULT_MODEL, None))
    assert MAX_LR_PX < 200_000**2


def test_an_image_that_is_all_halo_is_refused(tmp_path, temporary):
    np.save(tmp_path / "thin.npy", np.ones((4, 1, 1_000_000), np.uint16))
    with pytest.raises(InputError, match="too long and thin"):
        list(work(tmp_path / "thin.npy", DEFAULT_MODEL, None))


def test_only_the_promised_formats_are_opened(tmp_path, temporary):
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"a\.zip is none of \.tif"):
        list(work(tmp_path / "a.zip", DEFAULT_MODEL, None))


@pytest.mark.parametrize("name", ["nonsense", "../hub_cards", "organisation/name", ""])
def test_only_bundled_models_can_be_named(write_tif, name):
    with pytest.raises(InputError, match="Unknown model"):
        list(work(write_tif(scene_dn(8, 8)), name, None))


def test_both_sides_lie_on_the_same_grid_in_the_same_stretch(write_tif, temporary):
    job = finished(write_tif(scene_dn(40, 50)))
    left, right = picture_pair(job, "True colour", NEAREST)
    assert left.shape == right.shape == (160, 200, 3)
    np.testing.assert_array_equal(left, left[::4, ::4].repeat(4, 0).repeat(4, 1))
    # the same reflectance has the same colour: on average SR and LR look alike
    np.testing.assert_allclose(left.mean((0, 1)), right.mean((0, 1)), atol=5)


def test_the_left_side_can_be_bicubic(write_tif, temporary):
    import torch

    dn = scene_dn(40, 50)
    job = finished(write_tif(dn))
    left, _ = picture_pair(job, "B08", BICUBIC)
    reflectance = dn[3:] / np.float32(10_000)
    grey = Stretch.of(reflectance, 0.5, 1.4).apply(bicubic(torch.from_numpy(reflectance[None]), 4)[0].numpy())
    np.testing.assert_array_equal(left[..., :1], grey)


def test_nodata_looks_like_nothing_on_earth_on_both_sides(write_tif, temporary):
    dn = scene_dn(30, 30)
    dn[:, 10:15, 10:15] = 0
    job = finished(write_tif(dn, nodata=0))
    for left_side in (NEAREST, BICUBIC):
        for side in picture_pair(job, "True colour", left_side):
            assert (side[40:60, 40:60] == (176, 64, 144)).all()
            assert not (side[:40] == (176, 64, 144)).all(2).any()


def test_a_large_image_shows_its_centre(write_tif, temporary):
    job = finished(write_tif(scene_dn(600, 20)))
    left, right = picture_pair(job, "True colour", NEAREST)
    assert left.shape == right.shape == (2048, 80, 3)


def test_what_can_be_shown_depends_on_the_bands():
    assert list(composites(RGBN)) == ["True colour", "False colour", *RGBN]
    assert list(composites(("B05", "B11"))) == ["B05", "B11"]
