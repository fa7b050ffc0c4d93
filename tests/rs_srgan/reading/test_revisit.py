from datetime import date

import numpy as np
import pytest

from rs_srgan.errors import ReadError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.revisit import open_revisit
from rs_srgan.sensors import LANDSAT_OLI, RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.conftest import hidden
from tests.safe_builder import build_safe

WHOLE = Window(0, 0, 64, 80)


def test_a_product_has_its_date_and_scene_classification(tmp_path, classes):
    dn = scene_dn(64, 80)
    safe = build_safe(tmp_path, {(b, 10): dn[i] for i, b in enumerate(RGBN)} | {("SCL", 20): classes})
    with open_revisit(safe, RGBN) as revisit:
        assert revisit.taken == date(2023, 8, 10)
        np.testing.assert_array_equal(revisit.usable(WHOLE), ~hidden(classes))
        assert revisit.clear.share(WHOLE) == pytest.approx(1 - hidden(classes).mean())


def test_registration_decodes_only_the_near_infrared_of_a_product(tmp_path):
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


def test_registration_compares_the_mean_without_a_near_infrared(write_tif):
    dn = scene_dn(64, 80)
    source = write_tif(dn[::-1], bands=("B08", "B02", "B03", "B04"), nodata=0)
    with open_revisit(source, RGBN) as revisit:
        np.testing.assert_array_equal(revisit.read_gray(WHOLE)[0], revisit.read(WHOLE)[0][3])
    with open_revisit(source, RGBN[:3]) as revisit:
        np.testing.assert_array_equal(revisit.read_gray(WHOLE)[0], revisit.read(WHOLE)[0].mean(0))


def test_all_pixels_count_without_a_mask(write_tif):
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
def test_the_date_is_read_from_the_name(write_tif, name, expected):
    with open_revisit(write_tif(scene_dn(16, 16), name), RGBN) as revisit:
        assert revisit.taken == expected


def test_registration_compares_the_sensors_own_band(write_tif):
    bands = ("B4", "B3", "B2", "B5")
    source = write_tif(scene_dn(64, 80) + 8000, bands=bands)
    with open_revisit(source, bands, sensor=LANDSAT_OLI) as revisit:
        assert revisit.compared == 3
        np.testing.assert_array_equal(revisit.read_gray(WHOLE)[0], revisit.read(WHOLE)[0][3])
