import numpy as np
import pytest

from rs_srgan.pixels.aliasing import measure_sampling
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.sampling import read_sampling
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn


def test_the_middle_of_a_large_raster_is_measured(write_tif):
    dn = scene_dn(700, 600)
    with open_raster(write_tif(dn), RGBN) as raster:
        expected = measure_sampling(dn[:, 94:606, 44:556].astype(np.float32) / 10_000)
        assert read_sampling(raster).flatness_db == pytest.approx(expected.flatness_db, abs=1e-3)


def test_only_the_given_part_counts(write_tif):
    dn = scene_dn(200, 200)
    dn[:, :, 100:] = dn[:, :, 100:].repeat(2, axis=2)[:, :, :100]  # each of these columns twice
    with open_raster(write_tif(dn), RGBN) as raster:
        assert read_sampling(raster, Window(0, 100, 200, 100)).repeats
        assert not read_sampling(raster, Window(0, 0, 200, 100)).repeats


def test_nodata_is_left_out(write_tif):
    dn = scene_dn(200, 200)
    dn[:, ::20] = 0
    with open_raster(write_tif(dn, nodata=0), RGBN) as raster:
        assert np.isnan(read_sampling(raster).flatness_db)


def test_a_damaged_file_is_for_others_to_report(write_tif):
    path = write_tif(scene_dn(256, 256), compress="deflate")
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[: middle - 500] + bytes(1000) + content[middle + 500 :])
    with open_raster(path, RGBN) as raster:
        assert read_sampling(raster) is None
