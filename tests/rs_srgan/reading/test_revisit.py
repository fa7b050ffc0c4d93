from datetime import date

import numpy as np
import pytest
import rasterio
from affine import Affine
from scipy import ndimage

from rs_srgan import InputError
from rs_srgan.errors import ReadError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.revisit import open_revisit
from rs_srgan.sensors import RGBN
from tests.conftest import UTM_10M, scene_dn
from tests.safe_builder import build_safe

WHOLE = Window(0, 0, 64, 80)


@pytest.fixture
def classes():
    """Vegetation with a cloud, its shadow, snow and a corner without data, at 20 m."""
    scl = np.full((32, 40), 4, np.uint8)
    scl[10:14, 10:16], scl[20:22, 20:22], scl[0:3, 30:40], scl[28:, :4] = 9, 3, 11, 0
    return scl


def hidden(scl):
    clouds = ndimage.binary_dilation(np.isin(scl, (3, 9)), np.ones((3, 3)), 2)
    return (clouds | np.isin(scl, (0, 11))).repeat(2, 0).repeat(2, 1)


def test_a_product_brings_its_date_and_its_scene_classification(tmp_path, classes):
    dn = scene_dn(64, 80)
    safe = build_safe(tmp_path, {(b, 10): dn[i] for i, b in enumerate(RGBN)} | {("SCL", 20): classes})
    with open_revisit(safe, RGBN) as revisit:
        assert revisit.taken == date(2023, 8, 10)
        np.testing.assert_array_equal(revisit.usable(WHOLE), ~hidden(classes))
        assert revisit.clear.share(WHOLE) == pytest.approx(1 - hidden(classes).mean())


def test_registration_looks_at_near_infrared_and_decodes_nothing_else(tmp_path):
    dn = scene_dn(64, 80)
    dn[3, :5] = 0
    safe = build_safe(tmp_path, {(b, 10): dn[i] for i, b in enumerate(RGBN)})
    window = Window(3, 21, 40, 30)
    with open_revisit(safe, RGBN) as revisit:
        image, counts = revisit.read(window)
        gray, gray_counts = revisit.read_gray(window)
    np.testing.assert_array_equal(gray, image[3])
    np.testing.assert_array_equal(gray_counts, counts)
    assert not gray_counts[:2].any() and gray_counts[2:].all()
    (red,) = safe.glob("**/*_B04_10m.jp2")
    red.write_bytes(red.read_bytes()[:-2000])
    with open_revisit(safe, RGBN) as revisit:
        np.testing.assert_array_equal(revisit.read_gray(window)[0], gray)
        with pytest.raises(ReadError, match="truncated"):
            revisit.read(window)


def test_registration_looks_at_one_band_of_a_file_and_at_the_mean_where_there_is_no_near_infrared(write_tif):
    dn = scene_dn(64, 80)
    source = write_tif(dn[::-1], bands=("B08", "B02", "B03", "B04"), nodata=0)
    with open_revisit(source, RGBN) as revisit:
        np.testing.assert_array_equal(revisit.read_gray(WHOLE)[0], revisit.read(WHOLE)[0][3])
    with open_revisit(source, RGBN[:3]) as revisit:
        np.testing.assert_array_equal(revisit.read_gray(WHOLE)[0], revisit.read(WHOLE)[0].mean(0))


@pytest.mark.parametrize("window", [Window(0, 0, 1, 1), Window(13, 21, 17, 30), Window(41, 55, 23, 25)])
def test_a_window_is_that_part_of_the_whole(write_tif, classes, window):
    scene = write_tif(scene_dn(64, 80), "20230810.tif")
    mask = write_tif(classes[None], "a_scl.tif", bands=[None], transform=UTM_10M @ Affine.scale(2))
    with open_revisit(scene, RGBN, mask=mask) as revisit:
        np.testing.assert_array_equal(revisit.usable(window), revisit.usable(WHOLE)[window.slices])
        np.testing.assert_array_equal(revisit.usable(WHOLE), ~hidden(classes))


def test_a_mask_that_is_no_classification_hides_what_is_zero(write_tif, classes):
    scene = write_tif(scene_dn(64, 80))
    mask = write_tif(
        (classes != 4)[None].astype(np.uint8), "clear.tif", bands=[None], transform=UTM_10M @ Affine.scale(2)
    )
    with open_revisit(scene, RGBN, mask=mask) as revisit:
        np.testing.assert_array_equal(revisit.usable(WHOLE), (classes != 4).repeat(2, 0).repeat(2, 1))


def test_without_anything_all_counts(write_tif):
    with open_revisit(write_tif(scene_dn(64, 80)), RGBN) as revisit:
        assert revisit.usable(WHOLE).all()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("33TWL_20230810_rgbn.tif", date(2023, 8, 10)),
        ("2019-02-28.tif", date(2019, 2, 28)),
        ("20231340_then_20230102.tif", date(2023, 1, 2)),
        ("scene.tif", None),
        ("12320230810.tif", None),
    ],
)
def test_a_date_is_read_from_the_name(write_tif, name, expected):
    with open_revisit(write_tif(scene_dn(16, 16), name), RGBN) as revisit:
        assert revisit.taken == expected


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
def test_a_name_says_whether_it_is_a_classification(write_tif, name, classes):
    scene = write_tif(scene_dn(64, 80))
    mask = write_tif(np.ones((1, 64, 80), np.uint8), name, bands=[None])
    with open_revisit(scene, RGBN, mask=mask) as revisit:
        assert revisit.usable(WHOLE).all() != classes  # 1 is ground in a mask, and a defect in a classification


@pytest.mark.parametrize("name", ["mask.tif", "scl.tif"])
def test_what_a_mask_does_not_know_is_hidden(write_tif, name):
    scene = write_tif(scene_dn(64, 80))
    values = np.full((1, 64, 80), 4, np.uint8)
    values[:, :9] = 255
    with open_revisit(scene, RGBN, mask=write_tif(values, name, bands=[None], nodata=255)) as revisit:
        usable = revisit.usable(WHOLE)
    assert not usable[:9].any() and usable[9:].all()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_an_array_is_a_mask_too(write_tif, tmp_path, dtype):
    ground = np.random.default_rng(0).integers(0, 2, (64, 80)).astype(dtype)
    np.save(tmp_path / "ground.npy", ground)
    with open_revisit(write_tif(scene_dn(64, 80)), RGBN, mask=tmp_path / "ground.npy") as revisit:
        np.testing.assert_array_equal(revisit.usable(WHOLE), ground.astype(bool))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((1, 64, 80), np.uint8), "of shape"),
        (np.ones((64, 80), np.float32), "holds float32"),
        (np.ones((640, 80), np.uint8), "80 x 640 pixels"),
        (np.ones((0, 80), np.uint8), "80 x 0 pixels"),
    ],
)
def test_an_array_that_is_no_mask_of_it_is_an_error(write_tif, tmp_path, array, words):
    np.save(tmp_path / "ground.npy", array)
    scene = write_tif(scene_dn(64, 80))
    with pytest.raises(InputError, match=words), open_revisit(scene, RGBN, mask=tmp_path / "ground.npy"):
        pass


def test_a_mask_in_one_huge_block_is_refused_before_it_is_decoded(write_tif, tmp_path):
    scene, mask, side = write_tif(scene_dn(64, 80)), tmp_path / "mask.tif", 40_000
    profile = {"driver": "GTiff", "count": 1, "width": 80, "height": 64, "dtype": "uint8", "transform": UTM_10M}
    with rasterio.open(mask, "w", **profile, tiled=True, blockxsize=side, blockysize=side, sparse_ok=True):
        pass
    with pytest.raises(InputError, match="would fill the memory"), open_revisit(scene, RGBN, mask=mask):
        pass


@pytest.mark.parametrize(
    ("pixels", "options", "words"),
    [
        (np.ones((1, 20, 20), np.uint8), {}, "20 x 20 pixels"),
        (np.ones((1, 64, 80), np.uint8), {"transform": UTM_10M @ Affine.scale(2)}, "same footprint"),
        (np.ones((2, 64, 80), np.uint8), {"bands": [None, None]}, "2 bands"),
        (np.ones((1, 64, 80), np.float32), {}, "1 bands of float32"),
        (np.ones((1, 64, 80), np.uint8), {"transform": Affine(10, 0, 0, 0, -10, 0)}, "same footprint"),
    ],
    ids=["size", "larger pixels", "bands", "floats", "elsewhere"],
)
def test_a_mask_that_does_not_fit_is_an_error(write_tif, pixels, options, words):
    scene = write_tif(scene_dn(64, 80))
    mask = write_tif(pixels, "mask.tif", **{"bands": [None], **options})
    with pytest.raises(InputError, match=words), open_revisit(scene, RGBN, mask=mask):
        pass
