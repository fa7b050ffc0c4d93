import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, super_resolve
from rs_srgan.arrays.labelled import files_of_labelled
from tests.conftest import scene_dn
from tests.rs_srgan.arrays.conftest import BANDS

rioxarray = pytest.importorskip("rioxarray")


def test_labels_come_back(model, array, pixels):
    found = model.predict(array)
    np.testing.assert_array_equal(found.values, model.predict(pixels))
    assert found.rio.crs == array.rio.crs and found.attrs["title"] == "moor" and found.name == "s2"
    assert list(found.band.values) == BANDS and found.time == array.time and np.isnan(found.rio.nodata)
    assert found.rio.bounds() == pytest.approx(array.rio.bounds())
    assert found.x.values[0] == 600_001.25 and found.y.values[0] == 5_099_998.75


def test_bands_are_found_by_name_in_any_order_and_layout(model, array, pixels):
    mixed = array.isel(band=[2, 0, 3, 1]).transpose("y", "x", "band")
    np.testing.assert_array_equal(model.predict(mixed).values, model.predict(pixels))
    named = mixed.drop_vars("band").assign_attrs(long_name=["Blue", "Red", "NIR", "Green"])
    np.testing.assert_array_equal(model.predict(named).values, model.predict(pixels))


S2, LANDSAT = ("B04", "B03", "B02", "B08"), ("SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7")
# A model's sensor and bands, and the same bands as an image may name them.
SCHEMES = {
    "colours": ("sentinel2", S2, ("red", "green", "blue", "nir")),
    "letters": ("sentinel2", S2, ("R", "G", "B", "N")),
    "products": ("sentinel2", S2, tuple(f"T33TWL_20230810_{band}_10m" for band in S2)),
    "a model's own colours": ("sentinel2", ("red", "green", "blue"), ("red", "green", "blue")),
    "a model's own numbers": ("sentinel2", LANDSAT, LANDSAT),
    "Landsat": ("landsat-oli", ("B4", "B3", "B2", "B5"), ("SR_B4", "SR_B3", "SR_B2", "SR_B5")),
}


@pytest.fixture(params=SCHEMES)
def scheme(request):
    """Return the settings of a model, and the names of its bands in images."""
    sensor, bands, names = SCHEMES[request.param]
    mtf = [0.3] * len(bands)  # names of a model's own have none
    return {"sensor": sensor, "bands": bands, "mtf_nyquist": mtf, "scale": 2, "channels": 16, "blocks": 1}, names


def test_bands_have_the_names_that_files_have(labelled, write_tif, scheme):
    settings, names = scheme
    torch.manual_seed(0)
    model = SISR(SISRConfig(**settings)).eval()
    pixels = np.random.default_rng(1).random((len(names), 24, 26), np.float32) * 0.3
    expected = model.predict(pixels)
    mixed = labelled(pixels[::-1], names[::-1])
    np.testing.assert_array_equal(model.predict(mixed).values, expected)
    with rasterio.open(write_tif(pixels[::-1], bands=names[::-1])) as file:
        np.testing.assert_array_equal(model.predict(file), expected)
    series = MISR(MISRConfig(**settings)).eval()
    np.testing.assert_array_equal(series.predict([mixed, mixed]).values, series.predict([pixels, pixels]))


@pytest.mark.parametrize(
    "names", [("rouge", "vert", "bleu", "pir"), ("SR_B2", "SR_B3", "SR_B4", "SR_B5"), ("B04", "Red", "B02", "B08")]
)
def test_names_that_are_not_understood_are_refused_with_the_remedy(model, labelled, pixels, names):
    with pytest.raises(InputError, match="assign_coords") as caught:
        model.predict(labelled(pixels, names))
    assert names[0] in str(caught.value) and "--" not in str(caught.value)


@pytest.mark.parametrize("names", [(1, 2, 3, 4), ("1", "2", "3", "4"), ("Band 1", "Band 2", "Band 3", "Band 4")])
def test_the_order_of_numbered_bands_is_assumed(model, labelled, pixels, names):
    np.testing.assert_array_equal(model.predict(labelled(pixels, names)).values, model.predict(pixels))


def test_integers_are_scaled_by_their_attribute_and_nodata_is_kept(model, array):
    stored = array.fillna(0) * 10_000
    integers = stored.round().astype("uint16").rio.write_nodata(0)
    with pytest.raises(InputError, match="scale_factor"):
        model.predict(integers)
    found = model.predict(integers.assign_attrs(scale_factor=1e-4))
    assert np.isnan(found.values[:, 20:36, 120:160]).all()


def test_other_arrays_are_refused(model, array):
    for wrong, word in (
        (array.isel(band=0), "bands"),
        (array.isel(band=[0, 1, 2]), "B08"),
        (array.expand_dims("month"), "month"),
        (array.to_dataset(name="scene"), "Dataset"),
        (array.drop_vars("band").isel(band=[0, 1]), "names"),
    ):
        with pytest.raises(InputError, match=word):
            model.predict(wrong)


def test_the_file_that_an_array_comes_from_is_known(write_tif):
    path = write_tif(scene_dn(8, 9))
    with rioxarray.open_rasterio(path) as array:
        assert files_of_labelled(array) == [str(path)]
        with pytest.raises(InputError, match="input"):
            super_resolve(array, path, "sisr-x2-rgbn", overwrite=True)
        assert files_of_labelled(array * 2) == []
