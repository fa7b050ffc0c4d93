"""What the processes that open uploads can do."""

import os
import subprocess
import sys

import pytest

from app.sandbox.process import (
    ALLOWED_DRIVERS,
    Sandbox,
    gdal_settings,
    machine_bytes,
    worker_bytes,
)
from tests.app import probes


def test_a_worker_has_the_allowed_drivers_only():
    sandbox = Sandbox("tests.app.probes:answer_drivers", memory=1_000_000_000)
    assert sandbox.connection.recv()[0] == ALLOWED_DRIVERS
    sandbox.close()
    assert not sandbox.is_alive()


def test_this_process_has_more_drivers_so_that_the_settings_matter():
    assert {"VRT", "WMS", "HTTP"} <= probes.drivers()


@pytest.mark.parametrize("early", [True, False])
def test_gdal_must_be_restricted_before_it_registers_drivers(early):
    code = (
        "import sys\nfrom app.sandbox.process import cut_down_gdal\nimport rasterio\n"
        "if sys.argv[1] == 'late':\n    with rasterio.Env():\n        pass\n"
        f"cut_down_gdal({gdal_settings()!r})"
    )
    words = [sys.executable, "-c", code, "early" if early else "late"]
    ended = subprocess.run(words, env=os.environ | {"PYTHONPATH": os.getcwd()}, capture_output=True, text=True)
    assert (ended.returncode == 0) == early
    assert early or "RuntimeError" in ended.stderr


def test_workers_share_the_memory_of_the_machine():
    assert worker_bytes(2) == worker_bytes(1) // 2 < machine_bytes() / 2


@pytest.mark.parametrize("where", ["", "system.slice", "system.slice/app.service"])
def test_the_limits_of_groups_around_the_process_count(tmp_path, where):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/system.slice/app.service\n")
    (tmp_path / "proc/self/mountinfo").write_text("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    groups = tmp_path / "sys/fs/cgroup"
    (groups / "system.slice/app.service").mkdir(parents=True)
    (groups / "memory.max").write_text("max\n")
    assert machine_bytes(tmp_path) > 1_000_000
    (groups / where / "memory.max").write_text("1000000\n")
    assert machine_bytes(tmp_path) == 1_000_000
