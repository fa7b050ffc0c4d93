from pathlib import Path

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Layer, Raster
from rs_srgan.reading.safe import open_product
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all
from tests.safe_builder import build_safe, zip_safe

RGBN_10M = {(band, 10): scene_dn(40, 50)[index] for index, band in enumerate(RGBN)}


def edit(safe, old, new):
    (metadata,) = safe.glob("MTD_*.xml")
    text = metadata.read_text()
    assert old in text
    metadata.write_text(text.replace(old, new))


@pytest.mark.parametrize("form", ["folder", "zip", "xml"])
@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_a_product_is_found_in_every_form(tmp_path, form, level):
    safe = build_safe(tmp_path, RGBN_10M, level=level)
    path = {"folder": safe, "zip": zip_safe(safe), "xml": safe / f"MTD_MSI{level}.xml"}[form]
    product = open_product(path)
    assert product.level == level
    assert len(product.image_paths(RGBN)) == 4


def test_a_band_that_the_product_does_not_list_is_named(tmp_path):
    with (
        pytest.raises(InputError, match="PAN"),
        open_raster(build_safe(tmp_path, RGBN_10M), ("PAN",)),
    ):
        pass


def test_a_band_without_an_offset_is_refused(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, '<BOA_ADD_OFFSET band_id="3">-1000</BOA_ADD_OFFSET>', "")
    with pytest.raises(InputError, match="B04"):
        open_product(safe).encoding(RGBN)


def test_another_quantification_is_written_to_the_result(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M, baseline="02.14", offset=None, quantification=20_000))
    encoding = product.encoding(RGBN)
    assert encoding.gain == pytest.approx((5e-5,) * 4)
    assert encoding.tagged


@pytest.mark.parametrize("zipped", [False, True])
def test_a_missing_band_file_is_named(tmp_path, zipped):
    safe = build_safe(tmp_path, RGBN_10M)
    next(safe.rglob("*B03_10m.jp2")).unlink()
    product = open_product(zip_safe(safe) if zipped else safe)
    with pytest.raises(InputError, match="B03_10m"):
        product.image_paths(RGBN)


def test_bands_are_found_at_their_native_pixel_size(tmp_path):
    bands = ("B05", "B06", "B07", "B8A", "B11", "B12")
    coarse = {(band, 20): scene_dn(20, 25)[0] for band in bands}
    product = open_product(build_safe(tmp_path, {**RGBN_10M, **coarse}))
    assert [path[-12:] for path in product.image_paths(bands)] == [f"_{band}_20m.jp2" for band in bands]
    assert [path[-12:] for path in product.image_paths(RGBN)] == [f"_{band}_10m.jp2" for band in RGBN]


@pytest.mark.parametrize("zipped", [False, True])
def test_the_finest_scene_classification_is_used(tmp_path, zipped):
    classes = {("SCL", 20): np.full((20, 25), 4, np.uint8), ("SCL", 60): np.full((7, 8), 5, np.uint8)}
    safe = build_safe(tmp_path, {**RGBN_10M, **classes})

    def classification():
        return open_product(zip_safe(safe) if zipped else safe).scene_classification

    with rasterio.open(classification()) as dataset:
        assert (dataset.read() == 4).all()
    next(safe.rglob("*SCL_20m.jp2")).unlink()
    with rasterio.open(classification()) as dataset:
        assert (dataset.read() == 5).all()


def test_level_1c_has_no_scene_classification(tmp_path):
    assert open_product(build_safe(tmp_path, RGBN_10M, level="L1C")).scene_classification is None


def test_a_real_product_is_read(data):
    """Read the product that has images, at 60 m, and its scene classification."""
    (safe,) = data.glob("safe/*.SAFE")
    product = open_product(safe)
    with rasterio.open(product.scene_classification) as dataset:
        assert dataset.res == (20, 20)
        assert set(np.unique(dataset.read())) <= set(range(12))
    paths = [product.images[band, 60] for band in ("B04", "B03", "B02")]
    encoding = product.encoding(("B04", "B03", "B02"))
    layers = [Layer(path, rasterio.open(path, driver="JP2OpenJPEG"), [1]) for path in paths]
    raster = Raster(safe.name, [Path(path) for path in paths], layers, ("B04", "B03", "B02"), encoding)
    window = Window(100, 190, 400, 200)  # across the borders of blocks, which have 192 pixels
    reflectance, valid = raster.read(window)
    for band, path in enumerate(paths):
        with rasterio.open(path) as dataset:
            dn = dataset.read(1, window=((100, 500), (190, 390)))
        np.testing.assert_array_equal(valid[band], dn != 0)
        np.testing.assert_allclose(reflectance[band], np.where(dn, (dn - 1000.0) / 10_000, 0), atol=1e-6)
    raster.close()
    assert valid.any()
    with pytest.raises(InputError, match="B04_10m"):
        product.image_paths(RGBN)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("suffix", [".tif", ".tiff", ".TIF", ".JP2"])
def test_images_are_found_under_other_suffixes(tmp_path, suffix, zipped):
    dn = scene_dn(40, 50)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    for path in list(safe.rglob("*.jp2")):
        if suffix.lower().startswith(".tif"):
            with rasterio.open(path) as image:
                profile = image.profile | {"driver": "GTiff", "compress": "deflate", "nodata": 0}
                with rasterio.open(path.with_suffix(suffix), "w", **profile) as out:
                    out.write(image.read())
            path.unlink()
        else:
            path.rename(path.with_suffix(suffix))
    image, _ = read_all(zip_safe(safe) if zipped else safe)
    np.testing.assert_allclose(image, (dn.astype(np.float32) - 1000) / 10_000, atol=1e-6)
