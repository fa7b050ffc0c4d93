"""Faults on a cluster of two nodes. Slow: python -m pytest -m slow tests/rs_srgan/batch/test_schedule.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rs_srgan import super_resolve
from tests.rs_srgan.inference.conftest import pixels

pytest.importorskip("ray")

ROOT = Path(__file__).parents[3]
SCRIPT = """
import os, pathlib, signal, sys
from ray.cluster_utils import Cluster
from rs_srgan import super_resolve_many

folder, out, model, mode = sys.argv[1:]
store = {"num_cpus": 1, "object_store_memory": 150 * 2**20}
cluster = Cluster(initialize_head=True, head_node_args=store)
second = cluster.add_node(**store)
moments = [3] if mode in ("node", "stall", "writer") else []

def processes(title):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes()
        except OSError:  # it has ended
            continue
        if text.startswith(title):
            found.append(int(path.parent.name))
    return found

def watch(state):
    if mode == "driver" and state.lr_px > 3000:
        os.kill(os.getpid(), signal.SIGKILL)
    if moments and state.lr_px > 1000 * moments[0]:
        moments.pop(0)
        if mode == "node":
            cluster.remove_node(second, allow_graceful=False)
            cluster.add_node(**store)
        elif mode == "stall":
            os.kill(processes(b"ray::Worker")[0], signal.SIGSTOP)
        else:
            os.kill(processes(b"ray::Writer")[0], signal.SIGKILL)

report = super_resolve_many(folder, out, model, tile=16, address=cluster.address, progress=watch,
                            stall_seconds=10 if mode == "stall" else 60)
print("nodes", len(report.by_node), "again", report.retries)
assert not report.failures, report.failures
assert not moments
"""


def run(folder, out, model, mode):
    arguments = [sys.executable, "-c", SCRIPT, str(folder), str(out), str(model), mode]
    return subprocess.run(
        arguments, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["node", "driver", "stall", "writer"])
def test_no_pixel_is_lost_with_a_node_a_writer_or_the_driver(mode, scenes, model, model_folder, tmp_path):
    folder, out = scenes((70, 60), (50, 90), (60, 60)), tmp_path / "out"
    done = run(folder, out, model_folder, mode)
    if mode == "driver":
        assert done.returncode == -signal.SIGKILL
        before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.tif")}
        done = run(folder, out, model_folder, "again")
        assert done.returncode == 0, done.stderr[-3000:]
        assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert done.returncode == 0, done.stderr[-3000:]
    for source in folder.iterdir():
        alone = super_resolve(source, tmp_path / "alone.tif", model, tile=16, overwrite=True)
        np.testing.assert_array_equal(pixels(out / f"{source.stem}_sr.tif"), pixels(alone))
    assert not list(out.glob("*.partial*"))


@pytest.mark.slow
def test_a_full_disk_fails_its_scenes_and_the_same_command_does_them_later(scenes, model, model_folder, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=72k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        folder = scenes((70, 60), (20, 20))
        first = run(folder, disk, model_folder, "full")
        assert first.returncode == 1 and "No space" in first.stderr, first.stderr[-3000:]
        found = {path.name for path in disk.glob("*.tif")}
        assert "s0_sr.tif" not in found
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        again = run(folder, disk, model_folder, "again")
        assert again.returncode == 0, again.stderr[-3000:]
        for source in folder.iterdir():
            alone = super_resolve(source, tmp_path / "alone.tif", model, tile=16, overwrite=True)
            np.testing.assert_array_equal(pixels(disk / f"{source.stem}_sr.tif"), pixels(alone))
        assert not list(disk.glob("*.partial*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
