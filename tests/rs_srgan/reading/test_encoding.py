import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import LANDSAT_OLI, RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all


def test_8_bit_values_are_display_values_with_a_warning(write_tif, caplog):
    image, _ = read_all(write_tif(np.full((4, 5, 5), 51, np.uint8)))
    np.testing.assert_allclose(image, 0.2, atol=1e-6)
    assert "8-bit" in caplog.text


def test_a_type_unknown_to_numpy_is_refused(tmp_path):
    path = tmp_path / "radar.tif"
    with rasterio.open(path, "w", driver="GTiff", count=4, width=8, height=8, dtype="complex_int16"):
        pass
    with pytest.raises(InputError, match="complex_int16"):
        read_all(path)


@pytest.mark.parametrize(("scale", "offset"), [(0.0, 0.1), (np.inf, 0.1), (1e-4, np.nan), (1e-300, 0.1)])
def test_tags_that_make_no_reflectance_are_refused(write_tif, scale, offset):
    with pytest.raises(InputError, match="reflectance"):
        read_all(write_tif(scene_dn(8, 8), scales=(scale,) * 4, offsets=(offset,) * 4))


@pytest.mark.parametrize("offset", [np.nan, np.inf])
def test_an_offset_that_is_no_number_is_refused(write_tif, offset):
    with pytest.raises(InputError, match="DN"):
        read_all(write_tif(scene_dn(8, 8)), offset=offset)


def test_an_offset_for_floats_is_refused(write_tif):
    with pytest.raises(InputError, match="floats"):
        read_all(write_tif(np.full((4, 8, 8), 0.2, np.float32)), offset=-1000)


OLI_BANDS = ("B4", "B3", "B2", "B5")


def test_integers_without_tags_are_decoded_by_their_sensor(write_tif):
    dn = scene_dn(8, 8) + 8000
    dn[1, 2, 3] = 0
    path = write_tif(dn, bands=OLI_BANDS)
    image, valid = read_all(path, OLI_BANDS, sensor=LANDSAT_OLI)
    np.testing.assert_allclose(image[valid], dn[valid] * 2.75e-5 - 0.2, atol=1e-6)
    assert not valid[1, 2, 3] and valid.sum() == valid.size - 1
    with open_raster(path, OLI_BANDS, sensor=LANDSAT_OLI) as raster:
        assert raster.encoding.tagged  # readers of the result must not assume DN / 10000
        assert raster.output_encoding().nodata == 0


def test_tags_and_offset_come_before_the_sensor(write_tif):
    dn = scene_dn(8, 8)
    tagged = write_tif(dn, "tagged.tif", bands=OLI_BANDS, scales=(1e-4,) * 4, offsets=(-0.1,) * 4)
    image, valid = read_all(tagged, OLI_BANDS, sensor=LANDSAT_OLI)
    np.testing.assert_allclose(image, dn / 10_000 - 0.1, atol=1e-6)
    assert valid.all()
    plain = write_tif(dn, "plain.tif", bands=OLI_BANDS)
    image, _ = read_all(plain, OLI_BANDS, offset=-100, sensor=LANDSAT_OLI)
    np.testing.assert_allclose(image, (dn.astype(np.float32) - 100) * 2.75e-5, atol=1e-6)


def test_floats_are_reflectance_whatever_the_sensor(write_tif):
    floats = np.full((4, 8, 8), 0.2, np.float32)
    np.testing.assert_array_equal(
        read_all(write_tif(floats, bands=OLI_BANDS), OLI_BANDS, sensor=LANDSAT_OLI)[0], floats
    )


def test_zero_in_all_bands_of_sentinel2_is_no_data_unless_stated(write_tif):
    dn = scene_dn(8, 8)
    dn[0, 0, 0], dn[:, 1, 1] = 0, 0
    path = write_tif(dn)
    with open_raster(path, RGBN) as raster:
        assert raster.encoding == Encoding("uint16", (1e-4,) * 4, (0.0,) * 4, None, empty=(0,))
        assert raster.output_encoding().nodata == 0
    valid = read_all(path)[1]
    assert valid[:, 0, 0].all() and not valid[:, 1, 1].any()
    assert valid.sum() == valid.size - 4
    assert read_all(path, nodata="none")[1].all()
    assert read_all(path, nodata=0)[1].sum() == valid.size - 5


@pytest.mark.parametrize("key", ["scale_factor", "SCALE_FACTOR"])
@pytest.mark.parametrize("of_band", [True, False])
def test_scale_and_offset_in_the_metadata_are_used(write_tif, caplog, key, of_band):
    dn = scene_dn(8, 8)
    path = write_tif(dn)
    items = {key: "0.0001", "add_offset": "-0.1", "_FillValue": str(dn[0, 0, 0])}
    with rasterio.open(path, "r+") as dataset:
        for index in dataset.indexes if of_band else (0,):
            dataset.update_tags(index, **items)
    image, valid = read_all(path)
    np.testing.assert_allclose(image[valid], dn[valid] / 10_000 - 0.1, atol=1e-6)
    assert not valid[0, 0, 0] and "scale_factor" in caplog.text


@pytest.mark.parametrize("kind", ["tags", "tags without scale", "items", "BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"])
def test_an_offset_in_dn_is_recognised(write_tif, caplog, kind):
    scales = (
        {"scales": (1e-4 if kind == "tags" else 1,) * 4, "offsets": (-1000,) * 4} if kind.startswith("tags") else {}
    )
    path = write_tif(scene_dn(8, 8) + 1000, **scales)
    with rasterio.open(path, "r+") as dataset:
        if kind == "items":
            dataset.update_tags(scale_factor="0.0001", add_offset="-1000")
        elif not scales:
            dataset.update_tags(**{kind: "-1000"})
    np.testing.assert_allclose(read_all(path)[0], scene_dn(8, 8) / 10_000, atol=1e-6)
    assert "--offset" in caplog.text
    np.testing.assert_allclose(read_all(path, offset=0)[0], (scene_dn(8, 8) + 1000) / 10_000, atol=1e-6)


@pytest.mark.parametrize(("baseline", "warned"), [("05.11", True), ("04.00", True), ("02.14", False), ("99.99", False)])
def test_a_baseline_without_its_offset_is_reported(write_tif, caplog, baseline, warned):
    path = write_tif(scene_dn(8, 8))
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(PROCESSING_BASELINE=baseline)
    np.testing.assert_allclose(read_all(path)[0], scene_dn(8, 8) / 10_000, atol=1e-6)
    assert ("--offset -1000" in caplog.text) == warned


@pytest.mark.parametrize("tags", [{"scales": (1e-4,) * 4}, {"scales": (1e-4,) * 4, "offsets": (-0.1,) * 4}])
def test_a_scale_tag_left_over_on_reflectance_is_not_used(write_tif, caplog, tags):
    floats = (scene_dn(64, 64) / 10_000).astype(np.float32)
    path = write_tif(floats, nodata=np.nan, **tags)
    np.testing.assert_allclose(read_all(path)[0], floats, atol=1e-7)
    assert "--scale" in caplog.text
    np.testing.assert_allclose(read_all(path, scale=1e-4)[0], floats * 1e-4, atol=1e-7)


def test_dn_as_floats_with_their_scale_are_read(write_tif):
    dn = scene_dn(64, 64)
    floats = dn.astype(np.float32)
    np.testing.assert_allclose(read_all(write_tif(floats, "t.tif", scales=(1e-4,) * 4))[0], dn / 10_000, atol=1e-6)
    np.testing.assert_allclose(read_all(write_tif(floats, "s.tif"), scale=1e-4)[0], dn / 10_000, atol=1e-6)
    image, _ = read_all(write_tif(floats, "o.tif"), scale=1e-4, offset=-1000)
    np.testing.assert_allclose(image, (floats - 1000) / 10_000, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_a_stated_scale_replaces_all_tags(write_tif, dtype):
    dn = (scene_dn(8, 8) // 60).astype(dtype)
    path = write_tif(dn, scales=(0.5,) * 4, offsets=(3.0,) * 4)
    np.testing.assert_allclose(read_all(path, scale=1 / 255)[0], dn / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "fill"), [(np.int16, -9999), (np.int16, -32768), (np.int16, -10000), (np.float32, -9999.0)]
)
def test_fill_values_in_all_bands_are_no_data(write_tif, dtype, fill):
    pixels = scene_dn(8, 8).clip(1, 9000).astype(dtype) / (1 if dtype == np.int16 else 10_000)
    pixels = pixels.astype(dtype)
    pixels[:, :3] = fill
    valid = read_all(write_tif(pixels))[1]
    assert not valid[:, :3].any() and valid[:, 3:].all()


def test_declared_nodata_and_masks_leave_zeros_alone(write_tif):
    dn = scene_dn(8, 8)
    dn[:, 0, 0] = 0
    assert read_all(write_tif(dn, nodata=65_535))[1].all()


def test_black_is_a_colour_of_8_bit_images(write_tif):
    assert read_all(write_tif(np.zeros((4, 8, 8), np.uint8)))[1].all()
