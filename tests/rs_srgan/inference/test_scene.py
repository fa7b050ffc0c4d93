import json
from functools import lru_cache

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_geom

from rs_srgan import SISR, InputError, super_resolve
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.scene import in_order
from rs_srgan.inference.super_resolve import run
from rs_srgan.pixels.windows import plan_tiles
from rs_srgan.reading import raster
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import pixels


def test_image_without_data_stays_without_data(model, write_tif, tmp_path, caplog):
    target = super_resolve(write_tif(np.zeros((4, 9, 9), np.uint16), nodata=0), tmp_path / "out.tif", model)
    assert (pixels(target) == 0).all()
    assert "no valid pixel" in caplog.text


def test_the_rights_of_the_input_are_carried_over(model, write_tif, tmp_path):
    source = write_tif(scene_dn(9, 9))
    with rasterio.open(source, "r+") as dataset:
        dataset.update_tags(ATTRIBUTION="Somebody, 2023", LICENSE="CC BY 4.0", TIFFTAG_SOFTWARE="other")
    with rasterio.open(super_resolve(source, tmp_path / "out.tif", model)) as result:
        tags = result.tags()
    assert (tags["ATTRIBUTION"], tags["LICENSE"]) == ("Somebody, 2023", "CC BY 4.0")
    assert tags["TIFFTAG_SOFTWARE"] != "other"


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
    assert "% of the values" not in caplog.text  # only values of the result are clipped, beside sharp edges


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


def test_thinned_out_pixels_are_a_warning_unless_they_are_softened(model, write_tif, tmp_path, caplog):
    random = np.random.default_rng(0)
    source = write_tif(random.integers(300, 3000, (4, 64, 64)).astype(np.uint16))
    super_resolve(source, tmp_path / "out.tif", model)
    assert caplog.text.count("thinned out") == 1
    caplog.clear()
    super_resolve(source, tmp_path / "soft.tif", model, soften=True)
    assert "thinned out" not in caplog.text


@pytest.fixture
def beyond_the_mtf(write_tif):
    """A checkerboard of single pixels: more contrast than the sensor could see."""
    dark = np.indices((40, 44)).sum(0) % 2 == 0
    return write_tif(np.repeat(np.where(dark, 400, 2600)[None].astype(np.uint16), 4, axis=0))


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_clipped_values_of_the_result_are_reported_with_their_share(beyond_the_mtf, tmp_path, caplog, engine):
    options = {"engine": engine, "precision": "fp32", "tile": 16}
    floats = super_resolve(beyond_the_mtf, tmp_path / "floats.tif", dtype="float32", **options)
    assert "clipped" not in caplog.text
    with rasterio.open(floats) as result:
        assert result.dtypes == ("float32",) * 4
        assert np.isnan(result.nodata)
        sr = result.read().astype(float) * 10_000
    assert abs(sr.mean() - 1500) < 30
    target = super_resolve(beyond_the_mtf, tmp_path / "dn.tif", **options)
    stored = pixels(target)
    share = 100 * (np.rint(sr) < 0).mean()
    assert f"{share:.3g} % of the result's values are outside 0..6.5535" in caplog.text
    assert "--dtype float32" in caplog.text
    change = stored.mean() - sr.mean()
    assert change > 5
    assert f"by {change:+.0f} DN" in caplog.text


def test_float32_holds_what_the_model_computes_and_nan_for_no_data(model, write_tif, tmp_path):
    dn = scene_dn(30, 34)
    dn[:, 10:14, 20:25] = 0
    source = write_tif(dn, nodata=0)
    reflectance = np.where(dn == 0, np.nan, dn / 10_000).astype(np.float32)
    target = super_resolve(source, tmp_path / "out.tif", model, dtype="float32", engine="torch", precision="fp32")
    with rasterio.open(target) as result:
        made = result.read()
    np.testing.assert_allclose(made, model.predict(reflectance), atol=2e-6, equal_nan=True)
    again = super_resolve(target, tmp_path / "again.tif", model, tile=64)  # it reads as reflectance
    assert pixels(again).shape == (4, 480, 544)


def test_float32_resumes_and_becomes_a_cog_like_any_other_type(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(70, 60)), tmp_path / "out.tif"
    options = {"tile": 16, "dtype": "float32", "precision": "fp32"}
    work = run(source, target, model, PredictOptions(**options))
    next(work)
    work.close()
    with pytest.raises(InputError, match="type"):
        super_resolve(source, target, model, tile=16, precision="fp32", resume=True)
    super_resolve(source, target, model, resume=True, cog=True, **options)
    whole = super_resolve(source, tmp_path / "whole.tif", model, **options)
    with rasterio.open(target) as cog, rasterio.open(whole) as plain:
        assert cog.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        np.testing.assert_array_equal(cog.read(), plain.read())


@pytest.mark.parametrize("change", ["in place", "replaced"])
def test_an_image_that_changes_under_a_run_is_noticed(model, write_tif, tmp_path, at_every_tile, change):
    source, other = write_tif(scene_dn(120, 120)), write_tif(scene_dn(120, 120, seed=1), "other.tif")
    target = tmp_path / "out.tif"
    work = run(source, target, model, PredictOptions(tile=16))
    next(work)
    if change == "in place":
        source.write_bytes(other.read_bytes())
    else:
        other.replace(source)
    with pytest.raises(InputError, match="changed"):
        list(work)
    assert not list(tmp_path.glob("out.tif*"))


def test_an_image_that_is_removed_under_a_run_is_read_to_its_end(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(120, 120)), tmp_path / "out.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=16)
    work = run(source, target, model, PredictOptions(tile=16))
    next(work)
    source.unlink()
    assert list(work)
    np.testing.assert_array_equal(pixels(target), pixels(whole))
