"""Batches from a list to a folder. The slow ones: python -m pytest -m slow tests/rs_srgan/batch/test_run.py."""

import json
import shutil

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from rs_srgan import InputError, super_resolve, super_resolve_many
from tests.rs_srgan.inference.conftest import pixels

pytest.importorskip("ray")


def test_a_batch_is_identical_to_single_runs_and_does_only_what_is_missing(model, scenes, tmp_path, ray_here):
    folder, out, states = scenes((40, 50), (30, 30)), tmp_path / "out", []
    (folder / "bad.tif").write_bytes(b"II*\0junk")
    options = {"tile": 16, "compress": "deflate"}
    report = super_resolve_many(folder, out, model, **options, progress=states.append)
    assert (report.exit_code, report.done, report.lr_px) == (3, 2, 2900)
    (failure,) = report.failures
    assert failure.output == "bad_sr.tif"
    assert (states[-1].done, states[-1].failed, states[-1].lr_px) == (2, 1, 2900)
    assert sum(report.by_node.values()) == 2900
    ((engine, computed),) = report.by_engine.items()
    assert engine.startswith("torch") and computed == 2900
    for name in ("s0", "s1"):
        alone = super_resolve(folder / f"{name}.tif", tmp_path / f"{name}.tif", model, **options)
        np.testing.assert_array_equal(pixels(out / f"{name}_sr.tif"), pixels(alone))
    found = {path.name for path in out.iterdir()}
    assert found == {"s0_sr.tif", "s1_sr.tif", "manifest", "report.json", "report.md"}
    times = {name: (out / name).stat().st_mtime_ns for name in ("s0_sr.tif", "s1_sr.tif")}
    (folder / "bad.tif").unlink()
    (out / "s1_sr.tif").unlink()
    shutil.copy(folder / "s1.tif", folder / "x.tif")
    (out / "x_sr.tif").write_text("of another program")
    again = super_resolve_many(folder, out, model, **options)
    assert (again.exit_code, again.done, again.earlier) == (3, 1, 1)
    assert "exists" in again.failures[0].reason
    assert (out / "x_sr.tif").read_text() == "of another program"
    assert (out / "s0_sr.tif").stat().st_mtime_ns == times["s0_sr.tif"]
    assert len(json.loads((out / "report.json").read_text())["failures"]) == 1
    with pytest.raises(InputError, match="options"):
        super_resolve_many(folder, out, model, tile=32, compress="deflate")


def test_a_damaged_image_is_read_again_and_leaves_no_traceback(model, scenes, tmp_path, ray_here, capfd, caplog):
    folder = scenes((40, 50))
    with rasterio.open(folder / "s0.tif") as image:
        rasterio.shutil.copy(image, folder / "damaged.tif", compress="deflate")  # the directory first, then pixels
    whole = (folder / "damaged.tif").read_bytes()
    (folder / "damaged.tif").write_bytes(whole[: len(whole) // 2])
    (folder / "s0.tif").unlink()
    report = super_resolve_many(folder, tmp_path / "out", model, retries=1)
    assert [each.attempts for each in report.failures] == [2]
    assert "Traceback" not in capfd.readouterr().err
    assert "Unhandled" not in caplog.text
    assert ".." not in next(each for each in caplog.messages if "is done again" in each)


def test_requests_are_refused_before_ray_starts(scenes, tmp_path):
    folder = scenes((20, 20))
    with pytest.raises(InputError, match="column"):
        super_resolve_many(folder, tmp_path / "out", uncertainty="u.tif")
    with pytest.raises(InputError, match="retries"):
        super_resolve_many(folder, tmp_path / "out", retries=-1)
    with pytest.raises(InputError, match="input"):
        super_resolve_many([{"sources": [folder / "s0.tif"], "output": "s0.tif"}], folder)


@pytest.mark.parametrize("options", [{"cpus_per_worker": 10_000}, {"model": "sisr-x4-unheard"}])
def test_a_refused_batch_leaves_no_folder(scenes, tmp_path, ray_here, options):
    with pytest.raises(InputError, match=str(next(iter(options.values())))):
        super_resolve_many(scenes((20, 20)), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["masks", "aoi"])
def test_no_result_replaces_a_mask_or_an_area(scenes, tmp_path, name):
    folder = scenes((20, 20))
    kept = shutil.copy(folder / "s0.tif", tmp_path / "other.tif")
    row = {"sources": [folder / "s0.tif"], "output": "other.tif", name: [kept] if name == "masks" else kept}
    with pytest.raises(InputError, match="input"):
        super_resolve_many([row], tmp_path)
