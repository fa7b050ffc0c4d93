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
import os, signal, sys
from ray.cluster_utils import Cluster
from rs_srgan import super_resolve_many

folder, out, model, mode = sys.argv[1:]
store = {"num_cpus": 1, "object_store_memory": 150 * 2**20}
cluster = Cluster(initialize_head=True, head_node_args=store)
second = cluster.add_node(**store)
moments = [3] if mode == "node" else []

def watch(state):
    if mode == "driver" and state.lr_px > 3000:
        os.kill(os.getpid(), signal.SIGKILL)
    if moments and state.lr_px > 1000 * moments[0]:
        moments.pop(0)
        cluster.remove_node(second, allow_graceful=False)
        cluster.add_node(**store)

report = super_resolve_many(folder, out, model, tile=16, address=cluster.address, progress=watch, stall_seconds=60)
print("nodes", len(report.by_node), "again", report.retries)
assert not report.failures, report.failures
assert mode != "node" or not moments
"""


def run(folder, out, model, mode):
    arguments = [sys.executable, "-c", SCRIPT, str(folder), str(out), str(model), mode]
    return subprocess.run(
        arguments, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["node", "driver"])
def test_no_pixel_is_lost_with_a_node_or_with_the_driver(mode, scenes, model, model_folder, tmp_path):
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
