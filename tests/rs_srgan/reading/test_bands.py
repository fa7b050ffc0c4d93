import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import LANDSAT_OLI, RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all


def test_missing_bands_are_named(write_tif):
    dn = scene_dn(8, 8, bands=3)
    named = write_tif(dn, "named.tif", bands=("B04", "B03", "B02"))
    with pytest.raises(InputError, match="missing"):
        read_all(named)
    with pytest.raises(InputError, match="descriptions"):
        read_all(write_tif(dn, "unnamed.tif", bands=None))
    with pytest.raises(InputError, match=r"\b13\b"):
        read_all(write_tif(scene_dn(8, 8, bands=13), "many.tif", bands=None))


def test_an_alpha_channel_is_not_the_near_infrared(write_tif):
    rgba = write_tif(scene_dn(8, 8).astype(np.uint8), "rgba.png", driver="PNG", bands=None, crs=None)
    with pytest.raises(InputError, match="alpha"):
        read_all(rgba)


def test_a_fifth_band_of_alpha_is_a_mask(write_tif):
    dn = scene_dn(10, 12, bands=5)
    dn[4], dn[4, 3:5] = 65_535, 0
    path = write_tif(dn, bands=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.colorinterp = [*[rasterio.enums.ColorInterp.undefined] * 4, rasterio.enums.ColorInterp.alpha]
    with open_raster(path, RGBN) as raster:
        valid = raster.read(Window(0, 0, 10, 12))[1]
        assert raster.output_encoding().nodata == 0
    np.testing.assert_array_equal(valid, np.broadcast_to(dn[4] > 0, (4, 10, 12)))


def test_a_described_band_marked_as_alpha_is_a_band(write_tif):
    dn = scene_dn(6, 6)
    dn[3, 0, 0] = 0
    path = write_tif(dn)
    with rasterio.open(path, "r+") as dataset:
        dataset.colorinterp = [*[rasterio.enums.ColorInterp.undefined] * 3, rasterio.enums.ColorInterp.alpha]
    assert read_all(path)[1].all()


def test_a_band_described_twice_is_refused(write_tif):
    with pytest.raises(InputError, match="described"):
        read_all(write_tif(scene_dn(8, 8, bands=5), bands=("B04", "Red", "B03", "B02", "B08")))


def test_bands_are_found_by_the_names_of_the_sensor(write_tif):
    dn = scene_dn(8, 8)
    path = write_tif(dn, bands=("SR_B2", "SR_B3", "Red", "B5"))
    image, _ = read_all(path, ("B4", "B3", "B2", "B5"), sensor=LANDSAT_OLI)
    np.testing.assert_allclose(image, dn[[2, 1, 0, 3]] * 2.75e-5 - 0.2, atol=1e-6)
    with pytest.raises(InputError, match="missing"):
        read_all(path, RGBN)


ORDER = [2, 1, 0, 3]  # blue, green, red, near infrared


@pytest.mark.parametrize(
    "names",
    [
        ("0_B2", "0_B3", "0_B4", "0_B8"),
        ("T33TWL_20230810_B02_10m", "T33TWL_20230810_B03_10m", "T33TWL_20230810_B04_10m", "T33TWL_20230810_B08_10m"),
        ("blue", "green", "red", "nir"),
    ],
)
def test_described_bands_are_read_in_the_models_order(write_tif, names):
    dn = scene_dn(8, 8)
    with open_raster(write_tif(dn[ORDER], bands=names), RGBN) as raster:
        image, _ = raster.read(Window(0, 0, 8, 8))
        assert "description" in raster.named
        assert raster.descriptions == tuple(names[index] for index in ORDER)
    np.testing.assert_allclose(image, dn / 10_000, atol=1e-7)


COLOURS = {
    "blue first": (("blue", "green", "red", "undefined"), ORDER, RGBN),
    "GDAL 3.10": (("nir", "blue", "green", "red"), [3, 2, 1, 0], RGBN),
    "three bands": (("blue", "green", "red"), [2, 1, 0], RGBN[:3]),
    "a fifth band": (("undefined", "red", "green", "blue", "undefined"), [0, 0, 1, 2, 3], RGBN[:3]),
}


@pytest.mark.parametrize("case", COLOURS)
def test_colour_interpretation_names_bands_without_descriptions(write_tif, case):
    colours, order, bands = COLOURS[case]
    dn = scene_dn(8, 8)
    path = write_tif(dn[order], bands=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.colorinterp = [rasterio.enums.ColorInterp[colour] for colour in colours]
    with open_raster(path, bands) as raster:
        image, _ = raster.read(Window(0, 0, 8, 8))
        assert "colour" in raster.named
    np.testing.assert_allclose(image, dn[: len(bands)] / 10_000, atol=1e-7)


def test_colours_of_display_do_not_name_other_bands(write_tif):
    path = write_tif(scene_dn(8, 8, bands=3), bands=None, photometric="RGB")
    with open_raster(path, ("B05", "B06", "B07")) as raster:
        assert "order" in raster.named


@pytest.mark.parametrize("item", ["long_name", "BANDNAME", "common_name"])
def test_names_in_the_metadata_of_bands_are_read(write_tif, item):
    dn = scene_dn(8, 8)
    path = write_tif(dn[ORDER], bands=None)
    with rasterio.open(path, "r+") as dataset:
        for index, name in enumerate(("blue", "green", "red", "nir"), 1):
            dataset.update_tags(index, **{item: name})
    np.testing.assert_allclose(read_all(path)[0], dn / 10_000, atol=1e-7)


@pytest.mark.parametrize("names", [None, ("Band 1", "Band 2", "Band 3", "Band 4"), ("scene",) * 4])
def test_the_order_of_unnamed_bands_is_assumed_and_said(write_tif, caplog, names):
    path = write_tif(scene_dn(8, 8), bands=names)
    with open_raster(path, RGBN) as raster:
        assert "order" in raster.named
        assert raster.descriptions == RGBN
    assert caplog.messages == [
        "scene.tif names no band: read as B04, B03, B02, B08. If that is not its order: --band-names."
    ]
    with open_raster(path, RGBN, Stated(band_names=RGBN)):
        assert len(caplog.messages) == 1


def test_an_npy_file_cannot_name_its_bands(tmp_path, caplog):
    np.save(tmp_path / "a.npy", scene_dn(8, 8) / np.float32(10_000))
    with open_raster(tmp_path / "a.npy", RGBN) as raster:
        assert "order" in raster.named
    assert caplog.messages == []


@pytest.mark.parametrize(
    "names", [("rouge", "vert", "bleu", "pir"), ("SR_B2", "SR_B3", "SR_B4", "SR_B5"), ("NDVI", "a", "b", "c")]
)
def test_names_that_are_not_understood_are_refused_with_the_remedy(write_tif, names):
    with pytest.raises(InputError, match="--band-names") as caught:
        read_all(write_tif(scene_dn(8, 8), bands=names))
    assert names[0] in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "stated", [("B02", "B03", "B04", "B08"), ("blue", "green", "red", "nir"), ("0_B2", "0_B3", "0_B4", "0_B8")]
)
def test_stated_names_come_before_everything_in_the_file(write_tif, stated):
    dn = scene_dn(8, 8)
    path = write_tif(dn[ORDER], bands=("B04", "B03", "B02", "B08"))
    np.testing.assert_allclose(read_all(path, band_names=stated)[0], dn / 10_000, atol=1e-7)


def test_stated_names_leave_bands_out_and_must_fit_the_file(write_tif):
    dn = scene_dn(8, 8)
    path = write_tif(dn[[0, 2, 1, 0, 3]], bands=None)
    image, _ = read_all(path, band_names=("-", "B02", "B03", "B04", "B08"))
    np.testing.assert_allclose(image, dn / 10_000, atol=1e-7)
    with pytest.raises(InputError, match="states"):
        read_all(path, band_names=RGBN)
    with pytest.raises(InputError, match="B08"):
        read_all(path, band_names=("B01", "B02", "B03", "B04", "B05"))


@pytest.mark.parametrize("described", [True, False])
def test_a_data_mask_marks_valid_pixels(write_tif, described):
    dn = scene_dn(10, 12, bands=5)
    dn[4] = 1
    dn[4, 3:5] = 0
    names = (*RGBN, "dataMask") if described else ("", "", "", "", "dataMask")
    image, valid = read_all(write_tif(dn, bands=names))
    np.testing.assert_array_equal(valid, np.broadcast_to(dn[4] > 0, (4, 10, 12)))
    np.testing.assert_allclose(image[valid], dn[:4][valid] / 10_000, atol=1e-7)


def test_a_model_with_its_own_names_finds_exactly_these(write_tif):
    dn = scene_dn(8, 8, bands=3)
    own = ("SR_B2", "SR_B3", "SR_B4")
    image, _ = read_all(write_tif(dn[::-1], bands=own[::-1]), own)
    np.testing.assert_allclose(image, dn / 10_000, atol=1e-7)


def test_pages_and_palettes_are_refused_with_the_remedy(write_tif, tmp_path):
    pages = write_tif(scene_dn(8, 8, bands=1), "pages.tif", bands=None)
    write_tif(scene_dn(8, 8, bands=1), "pages.tif", bands=None, append_subdataset="YES")
    with pytest.raises(InputError, match="sds"):
        read_all(pages)
    palette = np.zeros((1, 8, 8), np.uint8)
    with pytest.raises(InputError, match="expand"):
        read_all(write_tif(palette, "palette.tif", bands=None, photometric="palette"))


def test_the_first_of_several_pages_is_read_and_said(write_tif, caplog):
    dn = scene_dn(8, 8)
    path = write_tif(dn)
    write_tif(dn // 2, append_subdataset="YES")
    np.testing.assert_allclose(read_all(path)[0], dn / 10_000, atol=1e-7)
    assert "2 pages" in caplog.text


def test_one_band_leads_to_stacking(write_tif):
    with pytest.raises(InputError, match="--stack") as caught:
        read_all(write_tif(scene_dn(8, 8, bands=1), "T33TWL_20230810T100031_B04_10m.tif", bands=None))
    assert "B04" in str(caught.value)
    with pytest.raises(InputError, match="--stack") as caught:
        read_all(write_tif(scene_dn(8, 8, bands=1), "a.tif", bands=("B04",)))
    assert "B04" in str(caught.value) and "dates" in str(caught.value)
