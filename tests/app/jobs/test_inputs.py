import numpy as np
import rasterio

from app.jobs.inputs import write_lr
from app.jobs.request import Request
from rs_srgan import SISRConfig
from tests.conftest import UTM_10M, scene_dn

CONFIG = SISRConfig()


def test_the_input_is_written_as_reflectance(write_tif, tmp_path):
    dn = scene_dn(30, 40)
    dn[:, :5] = 0
    source = write_tif(dn, nodata=0)
    write_lr(Request(source, ()), CONFIG, tmp_path / "lr.tif")
    with rasterio.open(tmp_path / "lr.tif") as lr:
        reflectance = lr.read()
        assert lr.transform == UTM_10M
        assert lr.descriptions == CONFIG.bands
        assert lr.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert np.isnan(reflectance[:, :5]).all()
    np.testing.assert_allclose(reflectance[:, 5:], dn[:, 5:] / 10_000, rtol=1e-6)


def test_only_the_wanted_part_is_written(write_tif, tmp_path):
    source = write_tif(scene_dn(100, 100))
    with rasterio.open(source) as whole:
        west, south, east, north = rasterio.warp.transform_bounds(whole.crs, "OGC:CRS84", *whole.bounds)
    box = ((west + east) / 2, south, east, north)
    write_lr(Request(source, (), bbox=box), CONFIG, tmp_path / "lr.tif")
    with rasterio.open(tmp_path / "lr.tif") as lr:
        assert lr.width < 60
