import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.revisit import open_revisit
from rs_srgan.sensors import LANDSAT_OLI, RGBN
from tests.conftest import UTM_10M, scene_dn
from tests.rs_srgan.reading.conftest import hidden

WHOLE = Window(0, 0, 64, 80)


@pytest.mark.parametrize("window", [Window(0, 0, 1, 1), Window(13, 21, 17, 30), Window(41, 55, 23, 25)])
def test_a_window_is_a_part_of_the_whole_mask(write_tif, classes, window):
    scene = write_tif(scene_dn(64, 80), "20230810.tif")
    mask = write_tif(classes[None], "a_scl.tif", bands=[None], transform=UTM_10M * Affine.scale(2))
    with open_revisit(scene, RGBN, mask=mask) as revisit:
        np.testing.assert_array_equal(revisit.usable(window), revisit.usable(WHOLE)[window.slices])
        np.testing.assert_array_equal(revisit.usable(WHOLE), ~hidden(classes))


def test_a_mask_hides_pixels_of_value_0(write_tif, classes):
    scene = write_tif(scene_dn(64, 80))
    mask = write_tif(
        (classes != 4)[None].astype(np.uint8), "clear.tif", bands=[None], transform=UTM_10M * Affine.scale(2)
    )
    with open_revisit(scene, RGBN, mask=mask) as revisit:
        np.testing.assert_array_equal(revisit.usable(WHOLE), (classes != 4).repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("33TWL_SCL_20m.tif", True),
        ("a-scl.tif", True),
        ("muscle.tif", False),
        ("muscle_mask.tif", False),
        ("scl_mask.tif", False),
    ],
)
def test_scl_as_a_word_of_the_name_makes_a_classification(write_tif, name, classes):
    scene = write_tif(scene_dn(64, 80))
    mask = write_tif(np.ones((1, 64, 80), np.uint8), name, bands=[None])
    with open_revisit(scene, RGBN, mask=mask) as revisit:
        assert revisit.usable(WHOLE).all() != classes  # 1 is ground in a mask, and a defect in a classification


@pytest.mark.parametrize("name", ["mask.tif", "scl.tif"])
def test_nodata_in_a_mask_is_hidden(write_tif, name):
    scene = write_tif(scene_dn(64, 80))
    values = np.full((1, 64, 80), 4, np.uint8)
    values[:, :9] = 255
    with open_revisit(scene, RGBN, mask=write_tif(values, name, bands=[None], nodata=255)) as revisit:
        usable = revisit.usable(WHOLE)
    assert not usable[:9].any() and usable[9:].all()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_an_array_can_be_a_mask(write_tif, tmp_path, dtype):
    ground = np.random.default_rng(0).integers(0, 2, (64, 80)).astype(dtype)
    np.save(tmp_path / "ground.npy", ground)
    with open_revisit(write_tif(scene_dn(64, 80)), RGBN, mask=tmp_path / "ground.npy") as revisit:
        np.testing.assert_array_equal(revisit.usable(WHOLE), ground.astype(bool))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((1, 64, 80), np.uint8), "uint8"),
        (np.ones((64, 80), np.float32), "float32"),
        (np.ones((640, 80), np.uint8), "80 x 640"),
        (np.ones((0, 80), np.uint8), "80 x 0"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(write_tif, tmp_path, array, words):
    np.save(tmp_path / "ground.npy", array)
    scene = write_tif(scene_dn(64, 80))
    with pytest.raises(InputError, match=words), open_revisit(scene, RGBN, mask=tmp_path / "ground.npy"):
        pass


def test_a_mask_with_a_huge_block_is_refused(write_tif, tmp_path):
    scene, mask, side = write_tif(scene_dn(64, 80)), tmp_path / "mask.tif", 40_000
    profile = {"driver": "GTiff", "count": 1, "width": 80, "height": 64, "dtype": "uint8", "transform": UTM_10M}
    with rasterio.open(mask, "w", **profile, tiled=True, blockxsize=side, blockysize=side, sparse_ok=True):
        pass
    with pytest.raises(InputError, match="memory"), open_revisit(scene, RGBN, mask=mask):
        pass


@pytest.mark.parametrize(
    ("pixels", "options", "words"),
    [
        (np.ones((1, 20, 20), np.uint8), {}, "20 x 20"),
        (np.ones((1, 64, 80), np.uint8), {"transform": UTM_10M * Affine.scale(2)}, "footprint"),
        (np.ones((2, 64, 80), np.uint8), {"bands": [None, None]}, "uint8"),
        (np.ones((1, 64, 80), np.float32), {}, "float32"),
        (np.ones((1, 64, 80), np.uint8), {"transform": Affine(10, 0, 0, 0, -10, 0)}, "footprint"),
    ],
    ids=["size", "larger pixels", "bands", "floats", "elsewhere"],
)
def test_a_mask_that_does_not_fit_is_refused(write_tif, pixels, options, words):
    scene = write_tif(scene_dn(64, 80))
    mask = write_tif(pixels, "mask.tif", **{"bands": [None], **options})
    with pytest.raises(InputError, match=words), open_revisit(scene, RGBN, mask=mask):
        pass


def test_a_sensor_without_classes_has_masks_only(write_tif):
    bands = ("B4", "B3", "B2", "B5")
    scene = write_tif(scene_dn(64, 80), bands=bands)
    mask = write_tif(np.ones((1, 64, 80), np.uint8), "scl.tif", bands=[None])
    with open_revisit(scene, bands, mask=mask, sensor=LANDSAT_OLI) as revisit:
        assert not revisit.clear.classes
        assert revisit.usable(WHOLE).all()
