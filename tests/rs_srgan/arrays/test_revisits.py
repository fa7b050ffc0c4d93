import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import MISR, InputError, MISRConfig, super_resolve
from rs_srgan.arrays.revisits import checked_masks, checked_reference, given_images
from tests.conftest import scene_dn

xarray = pytest.importorskip("xarray")
pytest.importorskip("rioxarray")
pytest.importorskip("dask")

DAYS = np.array(["2024-05-02", "2024-06-01", "2024-06-21"], "datetime64[ns]")


@pytest.fixture(scope="module")
def misr():
    torch.manual_seed(0)
    model = MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
    with torch.no_grad():
        for parameter in model.fusion.parameters():
            parameter.normal_(0, 0.1)
    return model


@pytest.fixture
def images():
    land = scene_dn(64, 72).astype(np.float32) / 10_000
    random = np.random.default_rng(3)
    return [land + random.normal(0, 0.003, land.shape).astype(np.float32) for _ in DAYS]


def test_arrays_with_labels_give_the_pixels_of_plain_ones_with_labels(misr, labelled, images):
    masks = [None, np.arange(64 * 72).reshape(64, 72) % 5 > 0, None]
    expected = misr.predict(images, masks, reference=1)
    each = [labelled(image).assign_coords(time=day) for image, day in zip(images, DAYS, strict=True)]
    found = misr.predict(each, masks, reference=1)
    np.testing.assert_array_equal(found.values, expected)
    assert found.time.values == DAYS[1] and found.rio.crs.to_epsg() == 32632
    assert found.rio.bounds() == pytest.approx(each[1].rio.bounds())

    series = xarray.concat(each, dim="time")
    clear = xarray.DataArray(
        np.stack([np.ones_like(masks[1]), masks[1], np.ones_like(masks[1])]),
        dims=("time", "y", "x"),
        coords={"time": DAYS},
    ).transpose("time", "x", "y")
    np.testing.assert_array_equal(misr.predict(series, clear, reference=1).values, expected)

    later = misr.predict(series.chunk({"time": 1, "y": 20, "x": 20}), clear, reference=1)
    assert later.chunks is not None
    np.testing.assert_array_equal(later.compute().values, expected)


def test_super_resolve_takes_the_times_of_an_array_as_revisits(misr, labelled, images, tmp_path):
    each = [labelled(image).assign_coords(time=day) for image, day in zip(images, DAYS, strict=True)]
    one = super_resolve(each, tmp_path / "list.tif", misr, reference=1)
    other = super_resolve(xarray.concat(each, dim="time"), tmp_path / "series.tif", misr, reference=1)
    with rasterio.open(one) as first, rasterio.open(other) as second:
        np.testing.assert_array_equal(first.read(), second.read())
        assert first.crs.to_epsg() == 32632


def test_other_grids_and_kinds_are_refused(misr, labelled, images):
    first = labelled(images[0])
    for other, word in (
        (labelled(images[1][:, :60]), "grid"),
        (first.assign_coords(x=first.x + 3), "grid"),
        (images[1], "kind"),
    ):
        with pytest.raises(InputError, match=word):
            misr.predict([first, other])


@pytest.mark.parametrize("wrong", [None, 5, "scene.tif"])
def test_a_single_thing_is_no_list_of_images(wrong):
    with pytest.raises(InputError, match="list"):
        given_images(wrong)


@pytest.mark.parametrize(("reference", "images"), [(3, 3), (-1, 3), (1.0, 3), (True, 3), (None, 3), (0, 0)])
def test_a_reference_that_is_not_there_is_refused(reference, images):
    with pytest.raises(InputError, match="expected"):
        checked_reference(reference, images)


def test_masks_are_one_for_each_image():
    assert checked_masks(None, 2) is None and checked_reference(np.int64(1), 2) == 1
    assert checked_masks([None, [[True]]], 2)[1].shape == (1, 1)
    with pytest.raises(InputError, match="masks"):
        checked_masks([None], 2)
    with pytest.raises(InputError, match="dimensions"):
        checked_masks([xarray.DataArray(np.ones((2, 2, 2), bool), dims=("a", "y", "x"))], 1)
