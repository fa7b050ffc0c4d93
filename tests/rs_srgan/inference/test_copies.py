import numpy as np
import pytest
from affine import Affine

from rs_srgan.inference.copies import find_copies
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN
from tests.conftest import UTM_10M, scene_dn


@pytest.fixture
def copies_of(write_tif):
    """Return a function that writes images, (DN, profile), and finds the copies among them."""

    def find(*images):
        with_names = [write_tif(pixels, f"{index}.tif", **profile) for index, (pixels, profile) in enumerate(images)]
        opened = [open_raster(path, RGBN) for path in with_names]
        try:
            return find_copies([each.__enter__() for each in opened])
        finally:
            for each in opened:
                each.__exit__(None, None, None)

    return find


def at(row, col):
    """Return the profile of an image whose corner is that pixel of the first image."""
    return {"transform": UTM_10M * Affine.translation(col, row)}


SCENE = scene_dn(300, 340)


def test_the_same_pixels_are_found_whatever_their_names(copies_of):
    other = scene_dn(300, 340, seed=1)
    assert copies_of((SCENE, {}), (other, {}), (SCENE, {"compress": "deflate"}), (other, {"tiled": True})) == {
        2: 0,
        3: 1,
    }


def test_another_scale_of_the_same_reflectance_is_a_copy(copies_of):
    shifted = {"scales": (1e-4,) * 4, "offsets": (-0.1,) * 4}
    assert copies_of((SCENE, {}), (SCENE + 1000, shifted), ((SCENE / 1e4).astype(np.float32), {})) == {1: 0, 2: 0}


def test_a_part_of_an_image_is_a_copy_wherever_it_stands(copies_of):
    part = SCENE[:, 20:260, 50:330]
    assert copies_of((SCENE, {}), (part, at(20, 50))) == {1: 0}
    assert copies_of((part, at(20, 50)), (SCENE, {})) == {1: 0}
    other = scene_dn(300, 340, seed=1)
    assert copies_of((other, {}), (part, at(20, 50)), (SCENE, {})) == {1: 2}


def test_an_image_with_more_nodata_is_a_copy(copies_of):
    masked, other = SCENE.copy(), scene_dn(300, 340, seed=1)
    masked[:, 60:150, 80:170] = 0
    nodata = {"nodata": 0}
    assert copies_of((SCENE, nodata), (masked, nodata)) == copies_of((masked, nodata), (SCENE, nodata)) == {1: 0}
    assert copies_of((other, nodata), (masked, nodata), (SCENE, nodata)) == {1: 2}
    wider = SCENE.copy()
    wider[:, :40] = 0
    assert copies_of((other, nodata), (masked, nodata), (wider, nodata)) == {}, "each shows what the other lacks"


@pytest.mark.parametrize("change", ["noise", "moved", "elsewhere", "half a pixel", "zone"])
def test_other_images_are_no_copies(copies_of, change):
    pixels, profile = SCENE.copy(), {}
    if change == "noise":
        pixels[:, 150, 170] += 1
    elif change == "moved":
        pixels = np.roll(pixels, 1, axis=2)
    elif change == "elsewhere":
        profile = at(0, 5000)
    elif change == "half a pixel":
        profile = at(0, 0.5)
    else:
        profile = {"crs": "EPSG:32633"}
    assert copies_of((SCENE, {}), (pixels, profile)) == {}


def test_two_parts_that_share_a_strip_are_both_used(copies_of):
    assert copies_of((SCENE[:, :, :200], {}), (SCENE[:, :, 100:], at(0, 100))) == {}


def test_images_of_a_single_value_or_without_data_are_no_copies(copies_of):
    flat = np.full((4, 30, 30), 500, np.uint16)
    assert copies_of((flat, {}), (flat, {})) == {}
    assert copies_of((flat * 0, {"nodata": 0}), (flat * 0, {"nodata": 0})) == {}
