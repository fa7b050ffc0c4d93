import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.features import geometry_mask
from rasterio.warp import transform_geom

from rs_srgan import SISR, InputError, super_resolve
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.super_resolve import run
from rs_srgan.sensors import RGBN
from tests.conftest import UTM_10M, scene_dn
from tests.rs_srgan.inference.conftest import FUSION, in_degrees, pixels
from tests.safe_builder import build_safe
from tests.stored import assert_stored


@pytest.mark.parametrize("tile", [13, 64, 100])
@pytest.mark.parametrize("holes", [False, True], ids=["whole", "with nodata"])
def test_result_does_not_depend_on_tile_size(model, write_tif, tmp_path, tile, holes):
    dn = scene_dn(90, 110)
    if holes:
        dn[:, 30:75, 40:80] = 0
        dn[3, 5:50, 3:9] = 0
        dn[:, ::7, ::5] = 0
    source = write_tif(dn, nodata=0)
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=1000)
    tiled = super_resolve(source, tmp_path / "tiled.tif", model, tile=tile)
    assert np.abs(pixels(tiled) - pixels(whole)).max() <= 1  # float32 rounding ties
    np.testing.assert_array_equal(pixels(whole) == 0, (dn == 0).repeat(4, 1).repeat(4, 2))


@pytest.mark.parametrize("tile", [16, 33, 512])
def test_file_and_array_give_the_same_result(model, write_tif, tmp_path, tile):
    dn = scene_dn(40, 50)
    dn[:, 14:36, 14:45] = 0  # rows and columns 16 to 31, too: one of the small tiles has no data
    target = super_resolve(write_tif(dn, nodata=0), tmp_path / "out.tif", model, tile=tile, precision="fp32")
    reflectance = np.where(dn == 0, np.nan, dn / 10_000).astype(np.float32)
    predicted = model.predict(reflectance, tile=tile) * 10_000
    np.testing.assert_array_equal(np.isnan(predicted), pixels(target) == 0)
    assert_stored(pixels(target), predicted, 4)


def test_footprint_scaling_and_band_names_are_kept(model, write_tif, tmp_path):
    source = write_tif(
        scene_dn(20, 30), nodata=0, scales=(1e-4,) * 4, offsets=(-0.1,) * 4, bands=("Red", "green", "B2", "B08, NIR")
    )
    target = super_resolve(source, tmp_path / "out.tif", model)
    with rasterio.open(source) as before, rasterio.open(target) as after:
        assert after.shape == (80, 120)
        assert after.bounds == before.bounds
        assert after.crs == before.crs
        assert after.transform == UTM_10M * Affine.scale(0.25)
        assert after.dtypes == ("uint16",) * 4
        assert after.nodata == 0
        assert after.descriptions == ("Red", "green", "B2", "B08, NIR")
        assert after.scales == before.scales
        assert after.offsets == before.offsets
        assert after.profile["tiled"]
        assert after.profile["compress"] == "zstd"
        tags = after.tags()
    assert tags["SR_MODEL"] == "SISR"
    assert tags["SR_SCALE"] == "4"
    assert tags["TIFFTAG_SOFTWARE"].startswith("rs_srgan ")
    assert len(tags["TIFFTAG_DATETIME"]) == len("2026:01:01 00:00:00")


def test_rotated_grid_keeps_its_footprint(model, write_tif, tmp_path):
    rotated = Affine.translation(5e5, 5e6) * Affine.rotation(30) * Affine.scale(10, -10)
    target = super_resolve(write_tif(scene_dn(8, 8), transform=rotated), tmp_path / "out.tif", model)
    with rasterio.open(target) as after:
        for corner in ((0, 0), (8, 0), (0, 8), (8, 8)):
            np.testing.assert_allclose(after.transform * (corner[0] * 4, corner[1] * 4), rotated * corner, rtol=1e-12)


def test_offset_tag_is_read_and_written_back(model, write_tif, tmp_path):
    """Files with and without an offset tag hold the same reflectance, and their results do, too."""
    dn = scene_dn(20, 20)
    plain = super_resolve(write_tif(dn, "a.tif"), tmp_path / "a_sr.tif", model)
    tagged = write_tif(dn + 1000, "b.tif", scales=(1e-4,) * 4, offsets=(-0.1,) * 4)
    shifted = super_resolve(tagged, tmp_path / "b_sr.tif", model)
    untagged = super_resolve(write_tif(dn + 1000, "c.tif"), tmp_path / "c_sr.tif", model, offset=-1000)
    blocks = pixels(plain).reshape(4, 20, 4, 20, 4)
    kept = (blocks > 1).all((2, 4), keepdims=True)  # plain DN know no negative reflectance, so other blocks are clipped
    assert kept.mean() > 0.5
    assert (np.abs(pixels(shifted).reshape(blocks.shape) - 1000 - blocks) * kept).max() <= 1
    np.testing.assert_array_equal(pixels(untagged), pixels(shifted))
    with rasterio.open(untagged) as result:
        assert result.offsets == pytest.approx((-0.1,) * 4)


def test_values_above_10000_are_kept(model, write_tif, tmp_path):
    target = super_resolve(write_tif(np.full((4, 12, 12), 14_000, np.uint16)), tmp_path / "out.tif", model)
    np.testing.assert_allclose(pixels(target), 14_000, atol=400)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2)])
def test_any_size_from_one_pixel_up(model, write_tif, tmp_path, shape):
    target = super_resolve(write_tif(scene_dn(*shape)), tmp_path / "out.tif", model)
    assert pixels(target).shape == (4, shape[0] * 4, shape[1] * 4)


def test_bands_are_found_by_name_in_any_order(model, write_tif, tmp_path):
    dn = scene_dn(20, 20, bands=6)
    shuffled = write_tif(dn[[3, 5, 2, 1, 4, 0]], "s.tif", bands=("B08", "SCL", "B02", "B03", None, "B04"))
    ordered = write_tif(dn[:4], "o.tif")
    a = super_resolve(shuffled, tmp_path / "a.tif", model)
    b = super_resolve(ordered, tmp_path / "b.tif", model)
    np.testing.assert_array_equal(pixels(a), pixels(b))


def test_near_infrared_of_8_bits_is_not_written_as_transparency(model, write_tif, tmp_path):
    source = write_tif((scene_dn(9, 9) / 30).astype(np.uint8), photometric="minisblack")
    with rasterio.open(super_resolve(source, tmp_path / "out.tif", model)) as result:
        assert result.dtypes == ("uint8",) * 4
        assert rasterio.enums.ColorInterp.alpha not in result.colorinterp


def test_float_reflectance_is_written_as_scaled_dn(model, write_tif, tmp_path):
    dn = scene_dn(20, 20)
    reflectance = dn.astype(np.float32) / 10_000
    reflectance[:, 4, 5] = np.nan
    target = super_resolve(write_tif(reflectance, "f.tif"), tmp_path / "out.tif", model)
    with rasterio.open(target) as after:
        assert after.dtypes[0] == "uint16"
        assert after.nodata == 0
        assert after.scales == pytest.approx((1e-4,) * 4)
    np.testing.assert_array_equal((pixels(target) == 0).sum(), 4 * 16)


@pytest.mark.parametrize("holes", [False, True])
def test_a_crop_is_computed_like_the_full_scene(model, write_tif, tmp_path, holes):
    """The halo of a crop holds the scene's own pixels beyond its border."""
    dn = scene_dn(90, 110)
    if holes:
        dn[:, 20:50, 30:50] = 0
    source = write_tif(dn, nodata=0)
    whole = super_resolve(source, tmp_path / "whole.tif", model)
    box = in_degrees(source, rasterio.windows.Window(31, 22, 40, 35))
    part = super_resolve(source, tmp_path / "part.tif", model, bbox=box, tile=16)
    with rasterio.open(part) as result, rasterio.open(whole) as all_of_it:
        window = all_of_it.window(*result.bounds).round_offsets().round_lengths()
        assert 40 * 4 <= window.width < 46 * 4
        expected = all_of_it.read(window=window).astype(int)
        assert np.abs(result.read().astype(int) - expected).max() <= 1
        np.testing.assert_array_equal(result.read() == 0, expected == 0)


def test_a_crop_is_computed_by_the_engine_of_the_full_scene(model, write_tif, tmp_path, monkeypatch, caplog):
    """Engines round differently, so the size of the full scene decides on the engine."""
    monkeypatch.setattr("rs_srgan.inference.engines.WORTH_COMPILING_PX", 60 * 70)
    source = write_tif(scene_dn(60, 70))
    whole = super_resolve(source, tmp_path / "whole.tif", model)
    with caplog.at_level("INFO", "rs_srgan"):
        box = in_degrees(source, rasterio.windows.Window(30, 20, 8, 9))
        part = super_resolve(source, tmp_path / "part.tif", model, bbox=np.array(box), tile=np.int64(512))
    assert "with openvino" in caplog.text
    with rasterio.open(part) as result, rasterio.open(whole) as all_of_it:
        window = all_of_it.window(*result.bounds).round_offsets().round_lengths()
        assert np.abs(result.read().astype(int) - all_of_it.read(window=window).astype(int)).max() <= 1


def test_area_of_interest_is_cut_out_on_the_fine_grid(model, write_tif, tmp_path):
    dn = scene_dn(90, 110)
    source = write_tif(dn)  # without a nodata value: the result needs one
    ring = [(UTM_10M * corner) for corner in ((20.3, 10.1), (80.6, 22.2), (41.4, 70.9), (20.3, 10.1))]
    polygon = transform_geom("EPSG:32632", "OGC:CRS84", {"type": "Polygon", "coordinates": [ring]})
    (tmp_path / "aoi.geojson").write_text(json.dumps(polygon))
    whole = super_resolve(source, tmp_path / "whole.tif", model)
    part = super_resolve(source, tmp_path / "part.tif", model, aoi=tmp_path / "aoi.geojson", tile=16)
    with rasterio.open(part) as result, rasterio.open(whole) as all_of_it:
        assert result.nodata == 0
        window = all_of_it.window(*result.bounds).round_offsets().round_lengths()
        inside = geometry_mask(
            [{"type": "Polygon", "coordinates": [ring]}], result.shape, result.transform, invert=True
        )
        got, expected = result.read().astype(int), all_of_it.read(window=window).astype(int)
        assert 0.2 < inside.mean() < 0.8
        assert ((got[0] > 0) != inside).mean() < 1e-3  # the corners went to degrees and back
        both = inside & (got[0] > 0)
        assert np.abs(got - expected)[:, both].max() <= 1


def test_cog_has_the_same_pixels_and_overviews(model, write_tif, tmp_path):
    source = write_tif(scene_dn(150, 140), nodata=0)
    plain = super_resolve(source, tmp_path / "plain.tif", model)
    cog = super_resolve(source, tmp_path / "cog.tif", model, cog=True)
    np.testing.assert_array_equal(pixels(cog), pixels(plain))
    with rasterio.open(cog) as result:
        assert result.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert result.overviews(1) == [2]
        assert result.tags()["SR_SCALE"] == "4"
        assert result.descriptions == model.config.bands
    assert {path.name for path in tmp_path.glob("*.tif*")} == {"scene.tif", "plain.tif", "cog.tif"}


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_20_m_bands_of_a_product_are_sharpened_with_guide_bands(fusion, tmp_path, engine):
    fine, coarse = scene_dn(140, 120) + 1000, scene_dn(70, 60, bands=6, seed=1) + 1000
    coarse[:, 30:40, :9] = 0
    images = {(band, 10): fine[index] for index, band in enumerate(RGBN)}
    images |= {(band, 20): coarse[index] for index, band in enumerate(FUSION.bands)}
    safe = build_safe(tmp_path, images)
    options = {"engine": engine, "precision": "fp32"}
    whole = super_resolve(safe, tmp_path / "whole.tif", fusion, **options)
    tiled = super_resolve(safe, tmp_path / "tiled.tif", fusion, tile=32, **options)
    assert np.abs(pixels(whole) - pixels(tiled)).max() <= 1
    lr, guide = (np.where(dn == 0, np.nan, (dn - 1000.0) / 10_000).astype(np.float32) for dn in (coarse, fine))
    expected = fusion.predict(lr, guide) * 10_000 + 1000
    with rasterio.open(whole) as result:
        assert result.descriptions == FUSION.bands
        assert result.shape == (140, 120)
        assert result.transform.a == 10
        got = result.read().astype(float)
    np.testing.assert_array_equal(got == 0, np.isnan(expected))
    assert_stored(got, expected, 2)


def test_truncated_input_is_refused_and_leaves_no_file(model, write_tif, tmp_path):
    source = write_tif(scene_dn(200, 200))
    source.write_bytes(source.read_bytes()[:150_000])
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match="truncated"):
        super_resolve(source, tmp_path / "out.tif", model, tile=64)
    assert set(tmp_path.iterdir()) == before


def test_run_may_be_continued_in_another_thread(model, write_tif, tmp_path):
    """A web server takes any idle thread for the next step."""
    work = run(write_tif(scene_dn(30, 30)), tmp_path / "out.tif", model, PredictOptions(tile=12))
    steps = []
    for _ in range(9):
        with ThreadPoolExecutor(1) as pool:
            steps.append(pool.submit(next, work).result())
    with ThreadPoolExecutor(1) as pool, pytest.raises(StopIteration):
        pool.submit(next, work).result()
    assert steps[-1].done_px == 900
    assert pixels(tmp_path / "out.tif").shape == (4, 120, 120)


def test_target_created_meanwhile_is_not_replaced(model, write_tif, tmp_path, at_every_tile):
    source, target = write_tif(scene_dn(20, 20)), tmp_path / "out.tif"
    work = run(source, target, model, PredictOptions(tile=16))
    next(work)
    target.write_text("precious")
    with pytest.raises(FileExistsError):
        list(work)
    assert target.read_text() == "precious"
    target.unlink()
    super_resolve(source, target, model, tile=16, resume=True)
    assert pixels(target).shape == (4, 80, 80)


def test_result_has_no_crs_if_the_input_has_none(model, tmp_path):
    np.save(tmp_path / "a.npy", scene_dn(8, 8))
    with rasterio.open(super_resolve(tmp_path / "a.npy", tmp_path / "out.tif", model)) as result:
        assert result.crs is None
        assert result.transform.is_identity


def test_control_points_are_kept(model, write_tif, tmp_path):
    source = write_tif(scene_dn(10, 10), transform=None, crs=None)
    points = [GroundControlPoint(r, c, 10 + c, 50 - r) for r, c in ((0, 0), (0, 10), (10, 0))]
    with rasterio.open(source, "r+") as dataset:
        dataset.gcps = points, rasterio.CRS.from_epsg(4326)
    with rasterio.open(super_resolve(source, tmp_path / "out.tif", model)) as result:
        kept, crs = result.gcps
    assert crs.to_epsg() == 4326
    assert [(p.row, p.col, p.x, p.y) for p in kept] == [(p.row * 4, p.col * 4, p.x, p.y) for p in points]


def test_product_and_stack_of_its_bands_give_the_same_result(model, write_tif, tmp_path):
    dn = scene_dn(70, 60) + 1000
    dn[:, :5] = 0
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(model.config.bands)})
    from_product = super_resolve(safe, tmp_path / "product.tif", model, tile=32)
    stack = write_tif(dn, scales=(1e-4,) * 4, offsets=(-0.1,) * 4, nodata=0)
    from_stack = super_resolve(stack, tmp_path / "stack.tif", model)
    assert np.abs(pixels(from_product) - pixels(from_stack)).max() <= 1
    with rasterio.open(from_product) as result:
        assert result.offsets == pytest.approx((-0.1,) * 4)
        assert result.crs.to_epsg() == 32633
        assert result.descriptions == model.config.bands
        assert (result.read(1)[:20] == 0).all()


def test_result_keeps_the_quantification_of_a_product(model, tmp_path):
    dn = scene_dn(20, 20)
    images = {(band, 10): dn[index] for index, band in enumerate(model.config.bands)}
    safe = build_safe(tmp_path, images, baseline="02.14", offset=None, quantification=20_000)
    with rasterio.open(super_resolve(safe, tmp_path / "out.tif", model)) as result:
        assert result.scales == pytest.approx((5e-5,) * 4)


@pytest.mark.parametrize("options", [{"tile": 0}, {"threads": "2"}, {"bbox": "10 46 11 47"}, {"compres": "none"}])
def test_wrong_option_leaves_no_file(model, write_tif, tmp_path, options):
    source = write_tif(scene_dn(10, 10))
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match=next(iter(options))):
        super_resolve(source, tmp_path / "out.tif", model, **options)
    assert set(tmp_path.iterdir()) == before


def test_options_take_numpy_numbers(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(20, 20) + 1000), tmp_path / "out.tif"
    options = {"tile": np.int64(16), "offset": np.float32(-1000), "threads": np.int32(1)}
    work = run(source, target, model, PredictOptions(**options))
    next(work)
    work.close()
    super_resolve(source, target, model, tile=16, offset=-1000, threads=1, resume=True)
    assert pixels(target).shape == (4, 80, 80)


def test_full_memory_is_reported_with_a_remedy(model, write_tif, tmp_path, monkeypatch):
    monkeypatch.setattr(SISR, "forward", lambda *_, **__: torch.empty(1 << 50))
    with pytest.raises(MemoryError, match="--tile"):
        super_resolve(write_tif(scene_dn(10, 10)), tmp_path / "out.tif", model, tile=64, engine="torch")


def test_bundled_model_gives_the_same_result_with_small_tiles(data, tmp_path):
    source = data / "sentinel2" / "burgundy_74_2018_10m.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", tile=4096)
    tiled = super_resolve(source, tmp_path / "tiled.tif", tile=64)
    assert np.abs(pixels(whole) - pixels(tiled)).max() <= 1
