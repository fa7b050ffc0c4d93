import numpy as np
import pytest

from rs_srgan import InputError, super_resolve
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
