import numpy as np
import pytest

from rs_srgan.arrays.times import joined_times, split_times, time_dim

xarray = pytest.importorskip("xarray")
pytest.importorskip("rioxarray")

DAYS = np.array(["2024-05-02", "2024-06-01"], "datetime64[ns]")


@pytest.mark.parametrize(("dim", "days"), [("time", None), ("date", None), ("scene", DAYS)])
def test_an_array_is_split_by_time_and_put_together_again(array, dim, days):
    both = xarray.concat([array.drop_vars("time"), array.drop_vars("time") * 2], dim=dim).transpose(
        "band", dim, "y", "x"
    )
    if days is not None:
        both = both.assign_coords({dim: days})
    assert time_dim(both) == dim and time_dim(array) is None
    first, second = split_times(both)
    np.testing.assert_array_equal(second.values, 2 * first.values)
    joined = joined_times([first, second], both)
    assert joined.dims[0] == dim
    np.testing.assert_array_equal(joined.transpose(*both.dims).values, both.values)
    assert days is None or (joined[dim].values == days).all()


def test_an_array_without_time_is_its_only_image(array):
    (only,) = split_times(array)
    assert only is array


def test_a_model_for_one_image_super_resolves_every_time(model, array, pixels):
    series = xarray.concat([array, array.assign_coords(time=DAYS[0]) * 0.5], dim="time")
    found = model.predict(series)
    assert found.dims == ("time", "band", "y", "x") and (found.time.values == series.time.values).all()
    np.testing.assert_array_equal(found.values, model.predict(np.stack([pixels, pixels * np.float32(0.5)])))
    assert found.rio.crs == array.rio.crs and found.rio.bounds() == pytest.approx(array.rio.bounds())
