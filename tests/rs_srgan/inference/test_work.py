import json
import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_bounds

from rs_srgan import SISR, InputError, SISRConfig, super_resolve
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.super_resolve import run
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import pixels


def test_resume_gives_identical_pixels(model, write_tif, tmp_path, at_every_tile):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=16)
    for steps in (3, 1, 5):
        work = run(source, target, model, PredictOptions(tile=16, resume=True))
        states = [next(work) for _ in range(steps)]
        work.close()
        assert not target.exists()
        assert list(tmp_path.glob("out.tif.partial"))
    assert states[0].resumed_px > 0
    rest = list(run(source, target, model, PredictOptions(tile=16, resume=True)))
    assert rest[0].resumed_px >= states[-1].done_px
    assert rest[-1].done_px == rest[-1].total_px == 4200
    np.testing.assert_array_equal(pixels(target), pixels(whole))
    assert not list(tmp_path.glob("*.partial*"))


def test_closed_run_keeps_all_finished_tiles(model, write_tif, tmp_path):
    """The run is closed long before its first checkpoint."""
    source, target = write_tif(scene_dn(40, 40)), tmp_path / "out.tif"
    work = run(source, target, model, PredictOptions(tile=16))
    done = next(work).done_px
    work.close()
    assert next(run(source, target, model, PredictOptions(tile=16, resume=True))).resumed_px >= done


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"tile": 32}, "tile"),
        ({"blocksize": 32}, "block"),
        ({"compress": "none"}, "compression"),
        ({"precision": "bf16"}, "bf16"),
        ({"offset": -1000}, "scaling"),
        ({"bbox": (9, 46, 11, 47)}, "region"),
    ],
)
def test_resume_refuses_another_request(model, write_tif, tmp_path, at_every_tile, other, words):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    request = {"tile": 16, "precision": "fp32"}
    work = run(source, target, model, PredictOptions(**request))
    next(work)
    work.close()
    if "bbox" in other:
        with rasterio.open(source) as dataset:
            west, south, east, north = transform_bounds(dataset.crs, "OGC:CRS84", *dataset.bounds)
        other = {"bbox": (west, south, (west + east) / 2, north)}
    with pytest.raises(InputError, match=words):
        super_resolve(source, target, model, resume=True, **request | other)
    super_resolve(source, target, model, resume=True, **request)


def test_resume_accepts_another_number_of_threads(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    work = run(source, target, model, PredictOptions(tile=16, threads=1))
    done = next(work).done_px
    work.close()
    assert next(run(source, target, model, PredictOptions(tile=16, threads=2, resume=True))).resumed_px >= done


@pytest.mark.parametrize("left", [0, 100, -1])
def test_truncated_partial_file_is_begun_anew(model, write_tif, tmp_path, at_every_tile, caplog, left):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=16)
    work = run(source, target, model, PredictOptions(tile=16))
    next(work)
    work.close()
    partial = tmp_path / "out.tif.partial"
    partial.write_bytes(partial.read_bytes()[:left])
    super_resolve(source, target, model, tile=16, resume=True)
    assert "lacks its last" in caplog.text
    np.testing.assert_array_equal(pixels(target), pixels(whole))


def test_damaged_partial_file_is_removed(model, write_tif, tmp_path):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    work = run(source, target, model, PredictOptions(tile=16))
    next(work)
    work.close()
    with (tmp_path / "out.tif.partial").open("r+b") as partial:
        partial.write(bytes(16))
    with pytest.raises(InputError, match="damaged"):
        super_resolve(source, target, model, tile=16, resume=True)
    super_resolve(source, target, model, tile=16, resume=True)
    assert pixels(target).shape == (4, 240, 280)


def test_input_that_cannot_be_read_for_a_while_costs_no_work(model, write_tif, tmp_path):
    """A network drive may come back later: finished work is kept, and resumed."""
    layout = {"tiled": True, "blockxsize": 32, "blockysize": 32, "compress": "deflate", "interleave": "pixel"}
    source, target = write_tif(scene_dn(96, 64), **layout), tmp_path / "out.tif"
    whole = super_resolve(source, tmp_path / "whole.tif", model, tile=32)
    before, content = source.stat(), source.read_bytes()

    def write(changed):
        source.write_bytes(changed)
        os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))

    lost = len(content) * 2 // 3
    write(content[:lost] + bytes(1000) + content[lost + 1000 :])
    with pytest.raises(InputError, match="--resume"):
        super_resolve(source, target, model, tile=32)
    write(content)
    assert next(run(source, target, model, PredictOptions(tile=32, resume=True))).resumed_px > 0
    super_resolve(source, target, model, tile=32, resume=True)
    np.testing.assert_array_equal(pixels(target), pixels(whole))


def test_resume_refuses_another_input_or_model(model, write_tif, tmp_path, at_every_tile):
    source, target = write_tif(scene_dn(60, 70)), tmp_path / "out.tif"
    work = run(source, target, model, PredictOptions(tile=16))
    next(work)
    work.close()
    other = SISR(SISRConfig(channels=16, blocks=2)).eval()
    with pytest.raises(InputError, match="model"):
        super_resolve(source, target, other, tile=16, resume=True)
    write_tif(scene_dn(60, 70, seed=1))
    with pytest.raises(InputError, match="input"):
        super_resolve(source, target, model, tile=16, resume=True)


KILLABLE = (
    "import sys; import rs_srgan.inference.work as work; work.CHECKPOINT_SECONDS = 0;"
    "from rs_srgan.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


def test_resume_after_kill_gives_identical_pixels(write_tif, model, model_folder, tmp_path):
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


def on_a_full_disk(limit, source, target, model_folder, *options):
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "import rs_srgan.inference.work as work; work.CHECKPOINT_SECONDS = 0;"
        "from rs_srgan.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    request = ["predict", str(source), "-o", str(target), "--model", str(model_folder), "--quiet", *options]
    return subprocess.run([sys.executable, "-c", code, *request], capture_output=True, text=True)


@pytest.mark.parametrize("compress", ["zstd", "deflate", "none"])
def test_full_disk_is_an_error_and_keeps_finished_tiles(write_tif, model_folder, tmp_path, compress):
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
def test_disk_that_is_full_from_the_start_is_one_line(write_tif, model_folder, tmp_path, limit):
    source, target = write_tif(scene_dn(20, 20)), tmp_path / "out.tif"
    done = on_a_full_disk(limit, source, target, model_folder)
    assert done.returncode == 1
    assert done.stderr == f"rs-srgan: {tmp_path}: File too large. Make room there, or choose another folder.\n"
    assert not list(tmp_path.glob("out.tif*"))


def test_disk_that_is_full_at_the_overviews_keeps_the_pixels(write_tif, model_folder, tmp_path):
    source, target = write_tif(scene_dn(150, 150)), tmp_path / "out.tif"
    plain = super_resolve(source, tmp_path / "plain.tif", model_folder, tile=64)
    limit = plain.stat().st_size * 11 // 10
    done = on_a_full_disk(limit, source, target, model_folder, "--tile", "64", "--cog")
    assert done.returncode == 1, done.stderr
    kept, error = done.stderr.splitlines()[-2:]  # after libtiff's own messages
    assert kept.startswith("out.tif: stopped at 100 %, which is kept.")
    assert error.startswith(f"rs-srgan: {tmp_path}: The overviews could not be written")
    assert error.endswith("Make room there, or choose another folder.")
    assert not target.exists()
    super_resolve(source, target, model_folder, tile=64, cog=True, resume=True)
    np.testing.assert_array_equal(pixels(target), pixels(plain))


def test_progress_counts_every_pixel_once(model, write_tif, tmp_path):
    seen = []
    super_resolve(write_tif(scene_dn(30, 50)), tmp_path / "out.tif", model, tile=16, progress=seen.append)
    assert [state.done_px for state in seen] == sorted({state.done_px for state in seen})
    assert seen[-1].done_px == seen[-1].total_px == 1500
    assert seen[-1].seconds_left == 0
