import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint

from rs_srgan import InputError, super_resolve
from rs_srgan.inference.scene import run
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
    target = super_resolve(write_tif(dn), tmp_path / "out.tif", model)
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


def test_stopping_half_way_leaves_nothing(model, write_tif, tmp_path):
    source = write_tif(scene_dn(40, 40))
    before = set(tmp_path.iterdir())
    work = run(source, tmp_path / "out.tif", model, tile=10)
    assert 0 < next(work).done_px < 1600
    assert set(tmp_path.iterdir()) > before  # the partial file is there
    work.close()
    assert set(tmp_path.iterdir()) == before


def test_an_existing_result_is_replaced_only_when_asked_and_only_by_a_whole_one(model, write_tif, tmp_path):
    source = write_tif(scene_dn(20, 20))
    target = tmp_path / "out.tif"
    target.write_text("precious")
    with pytest.raises(InputError, match="--overwrite"):
        super_resolve(source, target, model)
    work = run(source, target, model, tile=5, overwrite=True)
    next(work)
    work.close()
    assert target.read_text() == "precious"
    super_resolve(source, target, model, overwrite=True)
    assert pixels(target).shape == (4, 80, 80)


def test_a_file_that_breaks_off_is_said_and_leaves_nothing(model, write_tif, tmp_path):
    source = write_tif(scene_dn(200, 200))
    source.write_bytes(source.read_bytes()[:150_000])
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"scene\.tif is truncated or corrupt"):
        super_resolve(source, tmp_path / "out.tif", model, tile=64)
    assert set(tmp_path.iterdir()) == before


def test_a_job_may_move_from_thread_to_thread(model, write_tif, tmp_path):
    """As it does in a web server, which takes any idle thread for the next step."""
    work = run(write_tif(scene_dn(30, 30)), tmp_path / "out.tif", model, tile=10)
    steps = []
    for _ in range(9):
        with ThreadPoolExecutor(1) as pool:
            steps.append(pool.submit(next, work).result())
    with ThreadPoolExecutor(1) as pool, pytest.raises(StopIteration):
        pool.submit(next, work).result()
    assert steps[-1].done_px == 900
    assert pixels(tmp_path / "out.tif").shape == (4, 120, 120)


@pytest.mark.parametrize("compress", ["zstd", "deflate", "none"])
@pytest.mark.parametrize("tile", [16, 512])
def test_a_full_disk_is_an_error_and_leaves_what_was_there(write_tif, model_folder, tmp_path, compress, tile):
    source, target = write_tif(scene_dn(60, 60)), tmp_path / "out.tif"
    target.write_text("precious")
    code = (
        "import resource, sys; from rs_srgan.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); sys.exit(main(sys.argv[1:]))"
    )
    options = ["--model", str(model_folder), "--compress", compress, "--tile", str(tile), "--overwrite", "--quiet"]
    command = [sys.executable, "-c", code, "predict", str(source), "-o", str(target), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert target.read_text() == "precious"
    assert not list(tmp_path.glob(".*"))


def test_a_target_that_came_into_being_meanwhile_is_left(model, write_tif, tmp_path):
    target = tmp_path / "out.tif"
    work = run(write_tif(scene_dn(20, 20)), target, model, tile=10)
    next(work)
    target.write_text("precious")
    with pytest.raises(InputError, match="has come into being meanwhile"):
        list(work)
    assert target.read_text() == "precious"
    assert not list(tmp_path.glob(".*"))


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
    ],
)
def test_an_option_that_cannot_be_met_leaves_nothing(model, write_tif, tmp_path, options, words):
    source = write_tif(scene_dn(10, 10))
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match=words):
        super_resolve(source, tmp_path / "out.tif", model, **options)
    assert set(tmp_path.iterdir()) == before


def test_the_shipped_model_on_a_real_chip_is_the_same_in_tiles(data, tmp_path):
    source = data / "sentinel2" / "burgundy_74_2018_10m.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", tile=4096)
    tiled = super_resolve(source, tmp_path / "tiled.tif", tile=64)
    assert np.abs(pixels(whole) - pixels(tiled)).max() <= 1
