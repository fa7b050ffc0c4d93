import numpy as np
import pytest

from app.jobs.survey import survey_images
from rs_srgan import InputError
from rs_srgan.reading.inspection import Inspection, inspect_image
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import RGBN
from tests.app.conftest import sample_dn
from tests.conftest import scene_dn
from tests.safe_builder import build_safe

BANDS = ("B04", "B03", "B02", "B08")


def survey(*sources, masks=(), max_lr_px=10_000):
    return survey_images(sources, masks, BANDS, "sentinel2", Stated(), None, None, max_lr_px)


def read(source) -> Inspection:
    (found,) = survey(source)
    return found.read


def test_the_grid_and_the_scaling_are_found(write_tif):
    source = write_tif(scene_dn(20, 30), offsets=(-0.1,) * 4, scales=(1e-4,) * 4)
    (found,) = survey(source)
    assert (found.grid.height, found.grid.width, found.scene_px) == (20, 30, 600)
    assert "1000" in found.read.reflectance


def test_bands_are_found_by_the_names_of_the_sensor(write_tif):
    source = write_tif(scene_dn(20, 30), bands=("SR_B4", "SR_B3", "SR_B2", "SR_B5"))
    bands = ("B4", "B3", "B2", "B5")
    (found,) = survey_images([source], (), bands, "landsat-oli", Stated(), None, None, 10_000)
    assert "7272.73" in found.read.reflectance  # 0.2 reflectance


def test_a_huge_array_is_refused_by_its_header(tmp_path):
    np.lib.format.open_memmap(tmp_path / "huge.npy", "w+", np.uint8, (4, 40_000, 40_000))
    with pytest.raises(InputError, match=r"120\.6"):
        survey(tmp_path / "huge.npy", max_lr_px=10980 * 10980)


def test_a_mask_on_another_grid_is_refused(write_tif):
    images = [write_tif(scene_dn(20, 20), name) for name in ("a.tif", "b.tif")]
    mask = write_tif(np.ones((1, 9, 9), np.uint8), "a_mask.tif", bands=[None])
    with pytest.raises(InputError, match="footprint"):
        survey(*images, masks=(mask, None))


def test_what_is_read_is_what_inspect_says(write_tif):
    dn = scene_dn(20, 20)[[2, 1, 0, 3]]
    dn[:, :5] = 0
    source = write_tif(dn, bands=("0_B2", "0_B3", "0_B4", "0_B8"))
    assert read(source) == inspect_image(source, BANDS)
    assert "25 %" in read(source).warnings[0]
    assert [found.read for found in survey(source, source)] == [read(source)] * 2


def test_what_the_reader_warns_of_is_kept(write_tif):
    unnamed = read(write_tif(scene_dn(20, 20), bands=None))
    assert any("names no band" in warning for warning in unnamed.warnings)


def test_of_a_product_the_wanted_part_is_sampled(tmp_path):
    dn = sample_dn(60)
    safe = build_safe(tmp_path, {(band, 10): each for band, each in zip(RGBN[2::-1] + RGBN[3:], dn, strict=True)})
    (whole,) = survey(safe)
    assert whole.read == inspect_image(safe, BANDS)
    west, south, east, north = whole.read.footprint
    box = ((west + east) / 2, south, east, (south + north) / 2)
    (part,) = survey_images([safe], (), BANDS, "sentinel2", Stated(), box, None, 10_000)
    assert part.read.kind == whole.read.kind and part.read.bands != whole.read.bands


def test_a_photo_is_not_called_reflectance(write_tif):
    photo = read(write_tif((scene_dn(20, 20) // 40).astype(np.uint8), "photo.tif"))
    assert photo.display and "no reflectance" in photo.reflectance
    measured = write_tif((scene_dn(20, 20) // 40).astype(np.uint8), "measured.tif", scales=(0.004,) * 4)
    assert not read(measured).display
