import numpy as np
import pytest

from app.jobs.survey import survey_images
from rs_srgan import InputError
from tests.conftest import scene_dn

BANDS = ("B04", "B03", "B02", "B08")


def survey(*sources, masks=(), max_lr_px=10_000):
    return survey_images(sources, masks, BANDS, "sentinel2", None, None, None, max_lr_px)


def scaling_of(source) -> str:
    (found,) = survey(source)
    return found.scaling


def test_the_grid_and_the_scaling_are_found(write_tif):
    source = write_tif(scene_dn(20, 30), offsets=(-0.1,) * 4, scales=(1e-4,) * 4)
    (found,) = survey(source)
    assert (found.grid.height, found.grid.width, found.scene_px) == (20, 30, 600)
    assert "1000" in found.scaling


def test_bands_are_found_by_the_names_of_the_sensor(write_tif):
    source = write_tif(scene_dn(20, 30), bands=("SR_B4", "SR_B3", "SR_B2", "SR_B5"))
    bands = ("B4", "B3", "B2", "B5")
    (found,) = survey_images([source], (), bands, "landsat-oli", None, None, None, 10_000)
    assert "7272.73" in found.scaling  # 0.2 reflectance


def test_a_huge_array_is_refused_by_its_header(tmp_path):
    np.lib.format.open_memmap(tmp_path / "huge.npy", "w+", np.uint8, (4, 40_000, 40_000))
    with pytest.raises(InputError, match=r"120\.6"):
        survey(tmp_path / "huge.npy", max_lr_px=10980 * 10980)


def test_a_mask_on_another_grid_is_refused(write_tif):
    images = [write_tif(scene_dn(20, 20), name) for name in ("a.tif", "b.tif")]
    mask = write_tif(np.ones((1, 9, 9), np.uint8), "a_mask.tif", bands=[None])
    with pytest.raises(InputError, match="footprint"):
        survey(*images, masks=(mask, None))


def test_the_text_names_bands_and_faults(write_tif):
    dn = scene_dn(20, 20)[[2, 1, 0, 3]]
    dn[:, :5] = 0
    text = scaling_of(write_tif(dn, bands=("0_B2", "0_B3", "0_B4", "0_B8")))
    assert "B04, B03, B02, B08 by their descriptions" in text
    assert "25 %" in text and not text.endswith(".")


def test_a_photo_is_not_called_reflectance(write_tif):
    photo = write_tif((scene_dn(20, 20) // 40).astype(np.uint8), "photo.tif")
    text = scaling_of(photo)
    assert "display values = DN / 255" in text and "not reflectance" in text
    measured = write_tif((scene_dn(20, 20) // 40).astype(np.uint8), "measured.tif", scales=(0.004,) * 4)
    text = scaling_of(measured)
    assert "display" not in text
