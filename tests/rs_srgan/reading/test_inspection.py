import json
import logging

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.inspection import gather_warnings, inspect_image, inspect_raster, summarise
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.safe_builder import build_safe, zip_safe

DN = scene_dn(40, 50)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_product_is_described_by_its_metadata(tmp_path, zipped):
    safe = build_safe(tmp_path, {(band, 10): DN[index] for index, band in enumerate(RGBN)})
    found = inspect_image(zip_safe(safe) if zipped else safe, RGBN)
    assert found.kind == "Sentinel-2 L2A, baseline 05.09"
    assert (found.date, found.tile, found.cloud_percent) == ("2023-08-10", "T33TWL", 12.5)
    assert (found.width, found.height, found.pixel_size, found.crs) == (50, 40, (10, 10), "EPSG:32633")
    assert found.reflectance == "reflectance = (DN - 1000) / 10000" and found.bias == pytest.approx((-0.1,) * 4)
    assert found.nodata.startswith("0") and found.warnings == ()
    np.testing.assert_allclose([band.mean for band in found.bands], (DN.mean((1, 2)) - 1000) / 10_000, atol=1e-5)


def test_the_footprint_of_a_file_is_in_degrees(write_tif):
    found = inspect_image(write_tif(DN, "scene_2023-08-10.tif"), RGBN)
    west, south, east, north = found.footprint
    with rasterio.open(write_tif(DN)) as dataset:
        expected = rasterio.warp.transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
    np.testing.assert_allclose((west, south, east, north), expected, atol=1e-5)
    assert found.date == "2023-08-10" and found.kind == "GTiff"
    plain = inspect_image(write_tif(DN, "p.tif", crs=None, transform=None), RGBN)
    assert plain.footprint is None and plain.pixel_size is None


def test_warnings_are_gathered_and_logged_nowhere_else(write_tif, caplog):
    dn = DN.copy()
    dn[:, :10] = 0
    found = inspect_image(write_tif(dn), RGBN)
    assert any("--nodata" in warning for warning in found.warnings)
    eight_bit = inspect_image(write_tif((DN // 60).astype(np.uint8), "b.tif"), RGBN)
    assert any("8-bit" in warning for warning in eight_bit.warnings)
    assert caplog.text == ""


def test_what_the_user_states_is_shown(write_tif):
    path = write_tif(DN, bands=("a", "b", "c", "d"))
    with pytest.raises(InputError, match="--band-names"):
        inspect_image(path, RGBN)
    found = inspect_image(path, RGBN, Stated(-1000, 1e-4, 7, RGBN))
    assert found.named.endswith("--band-names") and found.nodata.startswith("7")
    assert found.reflectance == "reflectance = (DN - 1000) / 10000"


def test_json_has_no_nan_and_text_has_every_band(write_tif):
    dn = DN.copy()
    dn[3] = 0
    found = inspect_image(write_tif(dn, nodata=0), RGBN)
    facts = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert facts["bands"][3]["mean"] is None and facts["bands"][0]["name"] == "B04"
    text = str(found)
    assert all(f"\n{band}" in text for band in RGBN) and "warning" in text


def test_the_picture_is_small_and_never_replaces_a_file(write_tif, tmp_path):
    dn = scene_dn(300, 1100)
    inspect_image(write_tif(dn, nodata=0), RGBN, picture=tmp_path / "p.png")
    with rasterio.open(tmp_path / "p.png") as picture:
        assert picture.shape == (100, 367) and picture.count == 3 and picture.read().std() > 10
    with pytest.raises(InputError, match="exists"):
        inspect_image(write_tif(dn), RGBN, picture=tmp_path / "p.png")


def test_the_summary_names_bands_formula_nodata_and_faults(write_tif):
    dn = DN.copy()
    dn[:, :10] = 0
    with open_raster(write_tif(dn, "scene_2023-08-10.tif"), RGBN) as raster:
        text = summarise(inspect_raster(raster))
    assert all(part in text for part in ("B04, B03, B02, B08", "DN / 10000", "0 in all bands", "25 %"))
    median = np.median(dn[0, 10:]) / 10_000
    assert (
        f". The image has 50 x 40 pixels, is of 2023-08-10 and has a median reflectance of {median:.3f} in B04" in text
    )


def test_the_figures_of_a_part_of_a_product_are_those_of_the_part(tmp_path):
    safe = build_safe(tmp_path, {(band, 10): DN[index] for index, band in enumerate(RGBN)})
    with open_raster(safe, RGBN) as raster:
        found = inspect_raster(raster, part=Window(10, 20, 8, 6))
    expected = (DN[:, 10:18, 20:26].mean((1, 2)) - 1000) / 10_000
    np.testing.assert_allclose([band.mean for band in found.bands], expected, atol=1e-5)
    assert summarise(found).startswith("B04, B03, B02, B08")


def test_warnings_are_gathered_where_they_are_not_logged(write_tif):
    package = logging.getLogger("rs_srgan")
    package.setLevel(logging.ERROR)
    try:
        with gather_warnings() as warnings, open_raster(write_tif(DN, bands=None), RGBN):
            assert any("names no band" in warning for warning in warnings)
        assert package.level == logging.ERROR
    finally:
        package.setLevel(logging.NOTSET)
