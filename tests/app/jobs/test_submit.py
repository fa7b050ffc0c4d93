"""Uploads that become jobs, and those that are refused."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from app.jobs.queue import DONE, FAILED, RUNNING, STOPPED, WAITING
from app.jobs.request import MAX_VIEWS, make_revisits_request
from app.jobs.sample import write_sample_revisits
from app.jobs.submit import submit_image, submit_views
from app.jobs.views import count_used, read_views
from app.viewer.layers import BICUBIC, INPUT, MEAN, OTHER, SR, view_of
from rs_srgan import InputError
from rs_srgan.hub.names import REVISITS_MODEL
from tests.app.conftest import REQUEST, sample_dn
from tests.conftest import scene_dn


@pytest.fixture
def revisits(models):
    return make_revisits_request(models, REVISITS_MODEL)


@pytest.fixture
def clouded(write_tif):
    """Two images and a mask. The larger image shows clouds, and its scene classification marks them."""
    land = sample_dn(120)
    clear = write_tif(land[:, :100, :100], "20230815_rgbn.tif", nodata=0)
    clouds = land // 4 + np.uint16(6000)
    rng = np.random.default_rng(0)
    clouds = write_tif(clouds + rng.integers(0, 3000, clouds.shape, np.uint16), "20230810_rgbn.tif", nodata=0)
    classes = write_tif(np.full((1, 120, 120), 9, np.uint8), "20230810_SCL.tif", bands=[None])
    return clouds, clear, classes


class TestImage:
    @pytest.mark.parametrize("name", ["lr.tif", "mean.tif", "sr0.tif", "uncertainty0.tif"])
    def test_an_upload_with_the_name_of_a_result_is_renamed(self, jobs, write_tif, name):
        job = submit_image(jobs, write_tif(scene_dn(16, 16), name), REQUEST)
        assert job.request.source.name == "upload.tif"
        assert job.title == name
        jobs.wait(job)
        assert job.state == DONE
        with rasterio.open(job.folder / "sr0.tif") as result:
            assert result.shape == (64, 64)

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("a.tif", b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", "GeoTIFF"),
            ("a.vrt", b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", "GeoTIFF"),
            ("a.tif", b"/vsicurl/http://localhost/a.tif", "GeoTIFF"),
            ("a.png", b"GIF89a", "GeoTIFF"),
            ("a.zip", b"PK\x03\x04", "archive"),
            ("a.tif", b"", "GeoTIFF"),
        ],
    )
    def test_only_formats_that_contain_their_own_pixels_are_opened(
        self, jobs, tmp_path, settings, name, content, words
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words):
            submit_image(jobs, tmp_path / name, REQUEST)
        assert not list(settings.folder.iterdir())

    def test_a_removed_upload_is_refused_and_leaves_nothing(self, jobs, tmp_path, settings):
        with pytest.raises(InputError, match="removed"):
            submit_image(jobs, tmp_path / "gone.tif", REQUEST)
        assert not list(settings.folder.iterdir())

    def test_no_upload_is_refused(self, jobs):
        with pytest.raises(InputError, match="Upload"):
            submit_image(jobs, None, REQUEST)


class TestViews:
    def test_without_images_the_views_of_the_sample_are_used(self, jobs, revisits):
        job = submit_views(jobs, [], revisits)
        assert jobs.wait(job, 120)
        assert job.state == DONE, job.message
        assert [view["role"] for view in read_views(job.folder)] == ["reference", "used", "used", "used"]
        view = view_of(job, [jobs.models.config(name) for name in job.request.models])
        assert {INPUT, MEAN, BICUBIC, SR, OTHER} <= set(view.layers)

    @pytest.mark.parametrize(
        ("names", "words"),
        [
            (["a.tif"], "Patch"),
            (["a.tif"] * (MAX_VIEWS + 1), f"at most {MAX_VIEWS}"),
            (["a.tif", "a.vrt"], "GeoTIFF"),
            (["a.tif", "gone.tif"], "removed"),
        ],
    )
    def test_wrong_uploads_are_refused_and_leave_nothing(self, jobs, revisits, write_tif, names, words):
        source = write_tif(np.ones((4, 8, 8), np.uint16), "a.tif")
        source.with_name("a.vrt").write_text("<VRTDataset/>")
        before = set(jobs.settings.folder.iterdir())
        with pytest.raises(InputError, match=words):
            submit_views(jobs, [source.with_name(name) for name in names], revisits)
        assert set(jobs.settings.folder.iterdir()) == before

    def test_two_uploads_of_one_name_are_two_views(self, jobs, revisits, tmp_path):
        files = []
        for number, source in enumerate(write_sample_revisits(tmp_path)[:2]):
            (tmp_path / f"{number}").mkdir()
            files.append(source.rename(tmp_path / f"{number}" / "scene.tif"))
        job = submit_views(jobs, files, revisits)
        assert jobs.wait(job, 120)
        assert job.state == DONE, job.message
        assert [view["role"] for view in read_views(job.folder)] == ["reference", "used"]

    def test_the_title_and_the_names_speak_of_what_is_in_the_result(self, jobs, revisits, write_tif):
        land = sample_dn(100)
        far = Affine(10, 0, 300_000, 0, -10, 5_000_000)
        files = [write_tif(sample_dn(140), "there.tif", nodata=0, transform=far)]
        files += [write_tif(land + np.uint16(number), f"here_{number}.tif", nodata=0) for number in range(2)]
        job = submit_views(jobs, files, revisits)
        assert job.title == "3 images"
        assert jobs.wait(job, 120) and job.state == DONE, job.message
        assert (job.title, job.stem) == ("here_0.tif, 2 of 3 images used", "here_0")
        views = read_views(job.folder)
        assert [view["name"] for view in views] == ["here_0.tif", "there.tif", "here_1.tif"]
        assert count_used(views) == 2

    def test_a_visitor_chooses_the_reference(self, jobs, revisits, write_tif):
        files = [write_tif(sample_dn(side), f"{side}.tif", nodata=0) for side in (100, 120)]
        job = submit_views(jobs, files, revisits, "100.tif")
        assert jobs.wait(job, 120) and job.state == DONE, job.message
        assert job.stem == "100"
        with pytest.raises(InputError, match="reference"):
            submit_views(jobs, files, revisits, "other.tif")

    def test_an_image_that_is_left_out_changes_nothing(self, jobs, revisits, clouded, write_tif):
        """The pixels, titles, masks and counts are those without its upload."""
        clouds, clear, classes = clouded
        other = write_tif(sample_dn(50) + np.uint16(9), "20230820_rgbn.tif", bands=("B02", "B03", "B04", "B08"))
        few = submit_views(jobs, [clear, other], revisits)
        chosen = submit_views(jobs, [clouds, classes, clear, other], revisits, left_out=[str(clouds)])
        for job in (few, chosen):
            assert jobs.wait(job, 120) and job.state == DONE, job.message
        assert chosen.request.masks == () and chosen.title == few.title and "2 of 2 images" in chosen.title
        assert read_views(chosen.folder) == read_views(few.folder)
        for name in ("sr0.tif", "sr1.tif", "lr.tif", "mean.tif"):
            with rasterio.open(few.folder / name) as expected, rasterio.open(chosen.folder / name) as result:
                np.testing.assert_array_equal(result.read(), expected.read())

    def test_images_of_two_places_are_refused_by_name(self, jobs, revisits, write_tif):
        far = Affine(10, 0, 300_000, 0, -10, 5_000_000)
        files = [write_tif(sample_dn(60), "here.tif"), write_tif(sample_dn(60), "there.tif", transform=far)]
        job = submit_views(jobs, files, revisits)
        assert jobs.wait(job, 120) and job.state == FAILED
        assert "here.tif" in job.message and "there.tif" in job.message

    def test_a_job_can_be_stopped_while_it_registers_views(self, jobs, revisits):
        job = submit_views(jobs, [], revisits)
        while job.state == WAITING:
            jobs.wait(job, 0.02)
        assert job.state == RUNNING
        jobs.stop(job)
        assert jobs.wait(job, 60)
        assert job.state == STOPPED
        assert not job.folder.exists()

    def test_a_clouded_image_is_not_the_reference(self, jobs, revisits, clouded):
        job = submit_views(jobs, clouded, revisits)
        assert jobs.wait(job, 120) and job.state == DONE, job.message
        clear, clouds = read_views(job.folder)
        assert (clear["name"], clear["mask"], clear["role"]) == ("20230815_rgbn.tif", "-", "reference")
        assert (clouds["mask"], clouds["clear"]) == ("20230810_SCL.tif", 0)

    def test_masks_are_kept_with_their_images(self, jobs, revisits, clouded):
        clouds, clear, classes = clouded
        request = submit_views(jobs, [classes, clear, clouds], revisits).request
        assert [source.name for source in request.sources] == [clear.name, clouds.name]
        assert [mask and mask.name for mask in request.masks] == [None, classes.name]

    def test_a_mask_on_another_grid_is_refused(self, jobs, revisits, clouded, write_tif):
        clouds, clear, _ = clouded
        mask = write_tif(np.ones((1, 50, 50), np.uint8), "20230810_rgbn_scl.tif", bands=[None])
        with pytest.raises(InputError, match="footprint"):
            submit_views(jobs, [clouds, clear, mask], revisits)
