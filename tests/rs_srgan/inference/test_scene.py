import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.features import geometry_mask
from rasterio.warp import transform_bounds, transform_geom

from rs_srgan import SISR, InputError, SISRConfig, super_resolve
from rs_srgan.inference import scene
from rs_srgan.inference.scene import run
from rs_srgan.pixels.windows import plan_tiles
from rs_srgan.reading import raster
from rs_srgan.sensors.sentinel2 import RGBN
from tests.conftest import UTM_10M, scene_dn
from tests.safe_builder import build_safe


def pixels(path):
    with rasterio.open(path) as dataset:
        return dataset.read().astype(int)


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


def test_file_and_array_give_the_same(model, write_tif, tmp_path):
    dn = scene_dn(40, 50)
    target = super_resolve(write_tif(dn), tmp_path / "out.tif", model, precision="fp32")
    predicted = model.predict(dn.astype(np.float32) / 10_000).clip(0) * 10_000  # DN know no negative reflectance
    assert np.abs(pixels(target) - predicted).max() <= 0.51


def test_the_footprint_the_scaling_and_the_names_are_kept(model, write_tif, tmp_path):
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


def test_a_rotated_grid_keeps_its_corner_and_footprint(model, write_tif, tmp_path):
    rotated = Affine.translation(5e5, 5e6) * Affine.rotation(30) * Affine.scale(10, -10)
    target = super_resolve(write_tif(scene_dn(8, 8), transform=rotated), tmp_path / "out.tif", model)
    with rasterio.open(target) as after:
        for corner in ((0, 0), (8, 0), (0, 8), (8, 8)):
            np.testing.assert_allclose(after.transform * (corner[0] * 4, corner[1] * 4), rotated * corner, rtol=1e-12)


def test_the_offset_tag_is_read_and_written_back(model, write_tif, tmp_path):
    """The same reflectance stored with and without offset gives the same reflectance, each in its own DN."""
    dn = scene_dn(20, 20)
    plain = super_resolve(write_tif(dn, "a.tif"), tmp_path / "a_sr.tif", model)
    tagged = write_tif(dn + 1000, "b.tif", scales=(1e-4,) * 4, offsets=(-0.1,) * 4)
    shifted = super_resolve(tagged, tmp_path / "b_sr.tif", model)
    untagged = super_resolve(write_tif(dn + 1000, "c.tif"), tmp_path / "c_sr.tif", model, offset=-1000)
    assert np.abs((pixels(shifted) - 1000).clip(0) - pixels(plain)).max() <= 1  # plain DN know no negative reflectance
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


def test_an_image_without_any_data_stays_without_and_is_said_to(model, write_tif, tmp_path, caplog):
    target = super_resolve(write_tif(np.zeros((4, 9, 9), np.uint16), nodata=0), tmp_path / "out.tif", model)
    assert (pixels(target) == 0).all()
    assert "holds no valid pixel" in caplog.text


def test_eight_bits_stay_eight_bits_and_near_infrared_no_transparency(model, write_tif, tmp_path):
    source = write_tif((scene_dn(9, 9) / 30).astype(np.uint8), photometric="minisblack")
    with rasterio.open(super_resolve(source, tmp_path / "out.tif", model)) as result:
        assert result.dtypes == ("uint8",) * 4
        assert rasterio.enums.ColorInterp.alpha not in result.colorinterp


def test_float_reflectance_becomes_scaled_dn(model, write_tif, tmp_path):
    dn = scene_dn(20, 20)
    reflectance = dn.astype(np.float32) / 10_000
    reflectance[:, 4, 5] = np.nan
    target = super_resolve(write_tif(reflectance, "f.tif"), tmp_path / "out.tif", model)
    with rasterio.open(target) as after:
        assert after.dtypes[0] == "uint16"
        assert after.nodata == 0
        assert after.scales == pytest.approx((1e-4,) * 4)
    np.testing.assert_array_equal((pixels(target) == 0).sum(), 4 * 16)


def test_floats_that_no_dn_can_hold_are_counted(model, write_tif, tmp_path, caplog):
    reflectance = scene_dn(20, 20).astype(np.float32) / 10_000
    reflectance[:, :5] = -0.02  # a quarter
    reflectance[:, 5:7, :10] = np.nan  # and of the rest, a twentieth is not there
    reflectance[0, 10, 10] = 7
    super_resolve(write_tif(reflectance), tmp_path / "out.tif", model, tile=8)
    assert "scene.tif: 26.4 % of the values are beyond 0..6.5535, which is what the result's DN can hold" in caplog.text
    assert caplog.text.count("clipped") == 1
    caplog.clear()
    super_resolve(write_tif(np.abs(reflectance).clip(0, 6)), tmp_path / "other.tif", model, tile=8)
    assert "clipped" not in caplog.text


@pytest.fixture
def at_every_tile(monkeypatch):
    """What a run has done is noted after every tile."""
    monkeypatch.setattr("rs_srgan.inference.scene.CHECKPOINT_SECONDS", 0)


def test_a_stopped_run_is_gone_on_with_and_ends_as_if_never_stopped(model, write_tif, tmp_path, at_every_tile):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=16)
    for steps in (3, 1, 5):
        work = run(source, target, model, tile=16, resume=True)
        states = [next(work) for _ in range(steps)]
        work.close()
        assert not target.exists()
        assert list(tmp_path.glob("out.tif.partial"))
    assert states[0].resumed_px > 0
    rest = list(run(source, target, model, tile=16, resume=True))
    assert rest[0].resumed_px >= states[-1].done_px
    assert rest[-1].done_px == rest[-1].total_px == 4200
    np.testing.assert_array_equal(pixels(target), pixels(whole))
    assert not list(tmp_path.glob("*.partial*"))


def test_a_run_that_is_stopped_in_good_order_loses_nothing(model, write_tif, tmp_path):
    """Long before the first checkpoint."""
    source, target = write_tif(scene_dn(40, 40)), tmp_path / "out.tif"
    work = run(source, target, model, tile=16)
    done = next(work).done_px
    work.close()
    assert next(run(source, target, model, tile=16, resume=True)).resumed_px >= done


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"tile": 32}, r"another tile size \(LR pixels\): 16, now 32"),
        ({"compress": "none"}, "another compression"),
        ({"precision": "bf16"}, "another engine: 'torch fp32 on cpu', now 'torch bf16 on cpu'"),
        ({"offset": -1000}, "another scaling"),
        ({"bbox": (9, 46, 11, 47)}, "another region"),
    ],
)
def test_only_the_same_request_is_gone_on_with(model, write_tif, tmp_path, at_every_tile, other, words):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    request = {"tile": 16, "precision": "fp32"}
    work = run(source, target, model, **request)
    next(work)
    work.close()
    if "bbox" in other:
        with rasterio.open(source) as dataset:
            west, south, east, north = transform_bounds(dataset.crs, "OGC:CRS84", *dataset.bounds)
        other = {"bbox": (west, south, (west + east) / 2, north)}
    with pytest.raises(InputError, match=words):
        super_resolve(source, target, model, resume=True, **request | other)
    super_resolve(source, target, model, resume=True, **request)


def test_threads_may_change_underway(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    work = run(source, target, model, tile=16, threads=1)
    done = next(work).done_px
    work.close()
    assert next(run(source, target, model, tile=16, threads=2, resume=True)).resumed_px >= done


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_partial_file_that_lost_its_end_is_begun_anew(model, write_tif, tmp_path, at_every_tile, caplog, left):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=16)
    work = run(source, target, model, tile=16)
    next(work)
    work.close()
    partial = tmp_path / "out.tif.partial"
    partial.write_bytes(partial.read_bytes()[:left])
    super_resolve(source, target, model, tile=16, resume=True)
    assert "out.tif.partial lacks its last" in caplog.text
    np.testing.assert_array_equal(pixels(target), pixels(whole))


def test_a_partial_file_with_a_damaged_head_is_said_and_the_next_run_begins_anew(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    work = run(source, target, model, tile=16)
    next(work)
    work.close()
    with (tmp_path / "out.tif.partial").open("r+b") as partial:
        partial.write(bytes(16))
    with pytest.raises(InputError, match=r"out\.tif\.partial, is damaged and was removed\. Run again"):
        super_resolve(source, target, model, tile=16, resume=True)
    super_resolve(source, target, model, tile=16, resume=True)
    assert pixels(target).shape == (4, 240, 280)


def test_an_input_that_cannot_be_read_for_a_while_costs_nothing(model, write_tif, tmp_path):
    """As on a network drive: what was done is kept, said to be, and gone on with."""
    layout = {"tiled": True, "blockxsize": 32, "blockysize": 32, "compress": "deflate", "interleave": "pixel"}
    source, target = write_tif(scene_dn(96, 64), **layout), tmp_path / "out.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=32)
    before, content = source.stat(), source.read_bytes()

    def write(changed):
        source.write_bytes(changed)
        os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))

    lost = len(content) * 2 // 3
    write(content[:lost] + bytes(1000) + content[lost + 1000 :])
    words = r"scene\.tif is truncated or corrupt.*What was done, \d+ %, is kept: go on with --resume"
    with pytest.raises(InputError, match=words):
        super_resolve(source, target, model, tile=32)
    write(content)
    assert next(run(source, target, model, tile=32, resume=True)).resumed_px > 0
    super_resolve(source, target, model, tile=32, resume=True)
    np.testing.assert_array_equal(pixels(target), pixels(whole))


def test_another_input_or_model_is_not_gone_on_with(model, write_tif, tmp_path, at_every_tile):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    work = run(source, target, model, tile=16)
    next(work)
    work.close()
    other = SISR(SISRConfig(channels=16, blocks=2)).eval()
    with pytest.raises(InputError, match="another model"):
        super_resolve(source, target, other, tile=16, resume=True)
    write_tif(scene_dn(60, 70, seed=1))
    with pytest.raises(InputError, match="another input"):
        super_resolve(source, target, model, tile=16, resume=True)


KILLABLE = (
    "import sys; import rs_srgan.inference.scene as scene; scene.CHECKPOINT_SECONDS = 0;"
    "from rs_srgan.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


def test_killed_at_any_moment_it_goes_on_and_ends_the_same(write_tif, model, model_folder, tmp_path):
    source, target = write_tif(scene_dn(300, 300)), tmp_path / "out.tif"
    command = [sys.executable, "-c", KILLABLE, "predict", str(source), "-o", str(target), "--model", str(model_folder)]
    shares = []
    for _ in range(3):
        process = subprocess.Popen([*command, "--tile", "16", "--resume", "--quiet"])
        note = tmp_path / "out.tif.partial.json"
        begun = note.read_text() if note.exists() else ""
        while not note.exists() or note.read_text() == begun:
            assert process.poll() is None
        process.kill()
        process.wait()
        assert not target.exists()
        shares.append(json.loads(note.read_text())["done"])
    assert shares == sorted(set(shares))
    super_resolve(source, target, model_folder, tile=16, resume=True)
    whole = super_resolve(source, tmp_path / "whole.tif", model_folder, tile=16)
    np.testing.assert_array_equal(pixels(target), pixels(whole))


def in_degrees(path, window):
    with rasterio.open(path) as dataset:
        return transform_bounds(dataset.crs, "OGC:CRS84", *rasterio.windows.bounds(window, dataset.transform))


@pytest.mark.parametrize("holes", [False, True])
def test_a_part_is_that_part_of_the_whole(model, write_tif, tmp_path, holes):
    """Its border is not the scene's: what lies beyond is seen, and not repeated."""
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


def test_a_part_is_made_by_the_engine_of_the_whole(model, write_tif, tmp_path, monkeypatch, caplog):
    """Engines round differently: however small the part, its pixels are the whole's."""
    monkeypatch.setattr("rs_srgan.inference.engines.WORTH_COMPILING_PX", 60 * 70)
    source = write_tif(scene_dn(60, 70))
    whole = super_resolve(source, tmp_path / "whole.tif", model)
    with caplog.at_level("INFO"):
        box = in_degrees(source, rasterio.windows.Window(30, 20, 8, 9))
        part = super_resolve(source, tmp_path / "part.tif", model, bbox=np.array(box), tile=np.int64(512))
    assert "with openvino" in caplog.text
    with rasterio.open(part) as result, rasterio.open(whole) as all_of_it:
        window = all_of_it.window(*result.bounds).round_offsets().round_lengths()
        assert np.abs(result.read().astype(int) - all_of_it.read(window=window).astype(int)).max() <= 1


def test_an_area_within_a_pixel_of_the_result_is_said_to_be_too_small(model, write_tif, tmp_path):
    """The centre of an SR pixel of 2.5 m is not in it; or, a little larger, is."""
    for size_m, found in ((1.0, False), (3.0, True)):
        corners = [(x, y) for x, y in ((0, 0), (size_m, 0), (size_m, size_m), (0, size_m), (0, 0))]
        ring = [(600_100.1 + x, 5_099_900.1 + y) for x, y in corners]
        polygon = transform_geom("EPSG:32632", "OGC:CRS84", {"type": "Polygon", "coordinates": [ring]})
        (tmp_path / "aoi.geojson").write_text(json.dumps(polygon))
        request = (write_tif(scene_dn(30, 30)), tmp_path / f"{size_m}.tif", model)
        if found:
            assert (pixels(super_resolve(*request, aoi=tmp_path / "aoi.geojson"))[0] > 0).sum() == 1
        else:
            with pytest.raises(InputError, match=r"aoi\.geojson holds the centre of no pixel of the result"):
                super_resolve(*request, aoi=tmp_path / "aoi.geojson")


def test_an_area_of_interest_is_cut_out_to_the_fine_pixel(model, write_tif, tmp_path):
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


def test_tiles_without_data_are_not_computed(model, write_tif, tmp_path, monkeypatch):
    dn = scene_dn(64, 64)
    dn[:, :, 20:] = 0
    calls = []
    forward = SISR.forward
    monkeypatch.setattr(SISR, "forward", lambda self, *a, **k: calls.append(1) or forward(self, *a, **k))
    target = super_resolve(write_tif(dn, nodata=0), tmp_path / "out.tif", model, tile=16)
    assert len(calls) == 8  # of 16
    np.testing.assert_array_equal(pixels(target) == 0, (dn == 0).repeat(4, 1).repeat(4, 2))


def test_a_nodata_value_amidst_the_data_is_never_data(model, write_tif, tmp_path):
    dn = scene_dn(20, 20).astype(np.int16)
    dn[:, 3, 4] = 1500
    target = super_resolve(write_tif(dn, nodata=1500), tmp_path / "out.tif", model)
    np.testing.assert_array_equal(pixels(target) == 1500, (dn == 1500).repeat(4, 1).repeat(4, 2))


def test_a_cog_holds_the_same_and_overviews(model, write_tif, tmp_path):
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


FUSION = SISRConfig(scale=2, bands=("B05", "B06", "B07", "B8A", "B11", "B12"), guide_bands=RGBN, channels=16, blocks=2)


@pytest.fixture
def fusion():
    torch.manual_seed(0)
    model = SISR(FUSION).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    return model


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_the_20_m_bands_of_a_product_are_brought_to_10_m_with_the_help_of_the_others(fusion, tmp_path, engine):
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
    assert np.nanmax(np.abs(np.where(got == 0, np.nan, got) - expected.clip(1))) <= 0.51


def test_20_m_bands_on_the_10_m_grid_are_refused(fusion, write_tif, tmp_path):
    dn = scene_dn(20, 20, bands=10)
    source = write_tif(dn, bands=(*RGBN, *FUSION.bands))
    with pytest.raises(InputError, match="Give a Sentinel-2 product"):
        super_resolve(source, tmp_path / "out.tif", fusion)


def test_a_file_that_breaks_off_is_said_and_leaves_nothing(model, write_tif, tmp_path):
    source = write_tif(scene_dn(200, 200))
    source.write_bytes(source.read_bytes()[:150_000])
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"scene\.tif is truncated or corrupt"):
        super_resolve(source, tmp_path / "out.tif", model, tile=64)
    assert set(tmp_path.iterdir()) == before


def test_a_job_may_move_from_thread_to_thread(model, write_tif, tmp_path):
    """As it does in a web server, which takes any idle thread for the next step."""
    work = run(write_tif(scene_dn(30, 30)), tmp_path / "out.tif", model, tile=12)
    steps = []
    for _ in range(9):
        with ThreadPoolExecutor(1) as pool:
            steps.append(pool.submit(next, work).result())
    with ThreadPoolExecutor(1) as pool, pytest.raises(StopIteration):
        pool.submit(next, work).result()
    assert steps[-1].done_px == 900
    assert pixels(tmp_path / "out.tif").shape == (4, 120, 120)


def on_a_full_disk(limit, source, target, model_folder, *options):
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "import rs_srgan.inference.scene as scene; scene.CHECKPOINT_SECONDS = 0;"
        "from rs_srgan.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    request = ["predict", str(source), "-o", str(target), "--model", str(model_folder), "--quiet", *options]
    return subprocess.run([sys.executable, "-c", code, *request], capture_output=True, text=True)


@pytest.mark.parametrize("compress", ["zstd", "deflate", "none"])
def test_a_full_disk_is_an_error_and_keeps_what_was_done(write_tif, model_folder, tmp_path, compress):
    source, target = write_tif(scene_dn(60, 60)), tmp_path / "out.tif"
    target.write_text("precious")
    options = ["--compress", compress, "--tile", "16", "--overwrite"]
    done = on_a_full_disk(100_000, source, target, model_folder, *options)
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stderr  # a limit on the size of files stands in for a full disk here
    assert "Traceback" not in done.stderr
    assert target.read_text() == "precious"
    assert json.loads((tmp_path / "out.tif.partial.json").read_text())["done"] > 0
    whole = super_resolve(source, tmp_path / "whole.tif", model_folder, tile=16, compress=compress)
    super_resolve(source, target, model_folder, tile=16, compress=compress, overwrite=True, resume=True)
    np.testing.assert_array_equal(pixels(target), pixels(whole))


@pytest.mark.parametrize("limit", [0, 300, 800])
def test_a_disk_that_is_full_from_the_start_is_one_line(write_tif, model_folder, tmp_path, limit):
    source, target = write_tif(scene_dn(20, 20)), tmp_path / "out.tif"
    done = on_a_full_disk(limit, source, target, model_folder)
    assert done.returncode == 1
    assert done.stderr == f"rs-srgan: {tmp_path}: File too large. Make room there, or choose another folder.\n"
    assert not list(tmp_path.glob("out.tif*"))


def test_a_disk_that_is_full_when_the_overviews_are_made_is_an_error_too(write_tif, model_folder, tmp_path):
    source, target = write_tif(scene_dn(150, 150)), tmp_path / "out.tif"
    plain = super_resolve(source, tmp_path / "plain.tif", model_folder, tile=64)
    limit = plain.stat().st_size * 11 // 10
    done = on_a_full_disk(limit, source, target, model_folder, "--tile", "64", "--cog")
    assert done.returncode == 1, done.stderr
    kept, error = done.stderr.splitlines()  # and none of GDAL's own
    assert kept.startswith("out.tif: stopped at 100 %, which is kept.")
    assert error.startswith(f"rs-srgan: {tmp_path}: The overviews could not be written")
    assert error.endswith("Make room there, or choose another folder.")
    assert not target.exists()
    super_resolve(source, target, model_folder, tile=64, cog=True, resume=True)
    np.testing.assert_array_equal(pixels(target), pixels(plain))


def test_a_target_that_came_into_being_meanwhile_is_left(model, write_tif, tmp_path, at_every_tile):
    source, target = write_tif(scene_dn(20, 20)), tmp_path / "out.tif"
    work = run(source, target, model, tile=16)
    next(work)
    target.write_text("precious")
    with pytest.raises(FileExistsError):
        list(work)
    assert target.read_text() == "precious"
    target.unlink()
    super_resolve(source, target, model, tile=16, resume=True)
    assert pixels(target).shape == (4, 80, 80)


def test_what_lies_nowhere_stays_nowhere(model, tmp_path):
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


def test_a_product_gives_what_its_bands_give(model, write_tif, tmp_path):
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


def test_a_products_own_quantification_stands_in_the_result(model, tmp_path):
    dn = scene_dn(20, 20)
    images = {(band, 10): dn[index] for index, band in enumerate(model.config.bands)}
    safe = build_safe(tmp_path, images, baseline="02.14", offset=None, quantification=20_000)
    with rasterio.open(super_resolve(safe, tmp_path / "out.tif", model)) as result:
        assert result.scales == pytest.approx((5e-5,) * 4)


def test_progress_counts_every_pixel_once(model, write_tif, tmp_path):
    seen = []
    super_resolve(write_tif(scene_dn(30, 50)), tmp_path / "out.tif", model, tile=16, progress=seen.append)
    assert [state.done_px for state in seen] == sorted({state.done_px for state in seen})
    assert seen[-1].done_px == seen[-1].total_px == 1500
    assert seen[-1].seconds_left == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"precision": "int4"}, "Unknown precision 'int4'"),
        ({"compress": "rar"}, "Unknown compression 'rar'"),
        ({"tile": 0}, "tile size is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": 99_999_999_999}, "threads is 99999999999"),
        ({"threads": "2"}, "number of threads is '2'; expected a whole number"),
        ({"tile": 512.0}, "tile size is 512.0; expected a whole number"),
        ({"offset": "many"}, "offset is many; expected a number of DN"),
        ({"bbox": "10 46 11 47"}, "bounding box is '10 46 11 47'; expected four numbers"),
    ],
)
def test_an_option_that_cannot_be_met_leaves_nothing(model, write_tif, tmp_path, options, words):
    source = write_tif(scene_dn(10, 10))
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match=words):
        super_resolve(source, tmp_path / "out.tif", model, **options)
    assert set(tmp_path.iterdir()) == before


def test_numpys_numbers_are_numbers(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(20, 20) + 1000), tmp_path / "out.tif"
    options = {"tile": np.int64(16), "offset": np.float32(-1000), "threads": np.int32(1)}
    work = run(source, target, model, **options)
    next(work)
    work.close()
    super_resolve(source, target, model, tile=16, offset=-1000, threads=1, resume=True)
    assert pixels(target).shape == (4, 80, 80)


def test_a_full_memory_is_said_with_the_remedy(model, write_tif, tmp_path, monkeypatch):
    monkeypatch.setattr(SISR, "forward", lambda *_, **__: torch.empty(1 << 50))
    with pytest.raises(MemoryError, match=r"memory is full with tiles of 64 x 64 pixels\. Take smaller ones"):
        super_resolve(write_tif(scene_dn(10, 10)), tmp_path / "out.tif", model, tile=64, engine="torch")


def test_the_shipped_model_on_a_real_chip_is_the_same_in_tiles(data, tmp_path):
    source = data / "sentinel2" / "burgundy_74_2018_10m.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", tile=4096)
    tiled = super_resolve(source, tmp_path / "tiled.tif", tile=64)
    assert np.abs(pixels(whole) - pixels(tiled)).max() <= 1


@pytest.mark.parametrize(("tile", "halo"), [(512, 32), (256, 49)])
def test_a_product_is_decoded_twice_at_most(tile, halo):
    """Its 121 blocks, with as many in memory as a raster keeps, whatever the tiles."""
    decoded = []
    block = lru_cache(raster._CACHE_BLOCKS)(decoded.append)
    side = 10_980
    parts = scene._in_order(plan_tiles(side, side, tile, halo), scene._BAND_PX)
    assert sorted(parts, key=str) == sorted(plan_tiles(side, side, tile, halo), key=str)
    for part in parts:
        window = part.window.clipped(side, side)
        for row in range(window.row // 1024, -(-(window.row + window.height) // 1024)):
            for col in range(window.col // 1024, -(-(window.col + window.width) // 1024)):
                block((row, col))
    assert len(set(decoded)) == 121
    assert len(decoded) <= 2 * 121
