import json
from functools import lru_cache

import numpy as np
import pytest
from rasterio.warp import transform_geom

from rs_srgan import SISR, InputError, super_resolve
from rs_srgan.inference.scene import in_order
from rs_srgan.pixels.windows import plan_tiles
from rs_srgan.reading import raster
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import pixels


def test_image_without_data_stays_without_data(model, write_tif, tmp_path, caplog):
    target = super_resolve(write_tif(np.zeros((4, 9, 9), np.uint16), nodata=0), tmp_path / "out.tif", model)
    assert (pixels(target) == 0).all()
    assert "no valid pixel" in caplog.text


def test_share_of_clipped_values_is_reported(model, write_tif, tmp_path, caplog):
    reflectance = scene_dn(20, 20).astype(np.float32) / 10_000
    reflectance[:, :5] = -0.02  # a quarter
    reflectance[:, 5:7, :10] = np.nan  # and of the rest, a twentieth is not there
    reflectance[0, 10, 10] = 7
    super_resolve(write_tif(reflectance), tmp_path / "out.tif", model, tile=8)
    assert "26.4 % of the values are outside 0..6.5535" in caplog.text
    assert caplog.text.count("clipped") == 1
    caplog.clear()
    super_resolve(write_tif(np.abs(reflectance).clip(0, 6)), tmp_path / "other.tif", model, tile=8)
    assert "clipped" not in caplog.text


def test_area_without_a_pixel_centre_is_refused(model, write_tif, tmp_path):
    """An area of 1 m lies between the centres of SR pixels of 2.5 m; an area of 3 m holds one."""
    for size_m, found in ((1.0, False), (3.0, True)):
        corners = [(x, y) for x, y in ((0, 0), (size_m, 0), (size_m, size_m), (0, size_m), (0, 0))]
        ring = [(600_100.1 + x, 5_099_900.1 + y) for x, y in corners]
        polygon = transform_geom("EPSG:32632", "OGC:CRS84", {"type": "Polygon", "coordinates": [ring]})
        (tmp_path / "aoi.geojson").write_text(json.dumps(polygon))
        request = (write_tif(scene_dn(30, 30)), tmp_path / f"{size_m}.tif", model)
        if found:
            assert (pixels(super_resolve(*request, aoi=tmp_path / "aoi.geojson"))[0] > 0).sum() == 1
        else:
            with pytest.raises(InputError, match=r"aoi\.geojson"):
                super_resolve(*request, aoi=tmp_path / "aoi.geojson")


def test_tiles_without_data_are_not_computed(model, write_tif, tmp_path, monkeypatch):
    dn = scene_dn(64, 64)
    dn[:, :, 20:] = 0
    calls = []
    forward = SISR.forward
    monkeypatch.setattr(SISR, "forward", lambda self, *a, **k: calls.append(1) or forward(self, *a, **k))
    target = super_resolve(write_tif(dn, nodata=0), tmp_path / "out.tif", model, tile=16)
    assert len(calls) == 8  # of 16
    np.testing.assert_array_equal(pixels(target) == 0, (dn == 0).repeat(4, 1).repeat(4, 2))


def test_nodata_value_between_data_values_is_never_written_as_data(model, write_tif, tmp_path):
    dn = scene_dn(20, 20).astype(np.int16)
    dn[:, 3, 4] = 1500
    target = super_resolve(write_tif(dn, nodata=1500), tmp_path / "out.tif", model)
    np.testing.assert_array_equal(pixels(target) == 1500, (dn == 1500).repeat(4, 1).repeat(4, 2))


@pytest.mark.parametrize(("tile", "halo"), [(512, 32), (256, 49)])
def test_blocks_of_a_product_are_decoded_twice_at_most(tile, halo):
    """A product has 121 blocks; a raster keeps some of them in memory."""
    decoded = []
    block = lru_cache(raster.CACHE_BLOCKS)(decoded.append)
    side = 10_980
    parts = in_order(plan_tiles(side, side, tile, halo))
    assert sorted(parts, key=str) == sorted(plan_tiles(side, side, tile, halo), key=str)
    for part in parts:
        window = part.window.clipped(side, side)
        for row in range(window.row // 1024, -(-(window.row + window.height) // 1024)):
            for col in range(window.col // 1024, -(-(window.col + window.width) // 1024)):
                block((row, col))
    assert len(set(decoded)) == 121
    assert len(decoded) <= 2 * 121
