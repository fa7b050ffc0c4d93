import os
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from rs_srgan.cli.main import main
from tests.conftest import scene_dn
from tests.rs_srgan.cli.signals import hear_signals

COMMAND = [sys.executable, "-m", "rs_srgan"]


def test_command_prints_to_a_terminal_that_knows_ascii_only(write_tif, model_folder, tmp_path):
    target = tmp_path / "ö.tif"
    command = [*COMMAND, "predict", str(write_tif(scene_dn(6, 6))), "-o", str(target), "--model", str(model_folder)]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=ascii_only)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/\\xf6.tif\n"
    with rasterio.open(target) as result:
        assert result.shape == (24, 24)


def test_closed_streams_do_not_end_up_in_files(write_tif, model_folder, tmp_path):
    source, closed, open_ = write_tif(scene_dn(6, 6)), tmp_path / "closed.tif", tmp_path / "open.tif"
    request = ["predict", str(source), "--model", str(model_folder), "-o"]
    shell = f"{shlex.join([*COMMAND, *request, str(closed)])} <&- >&- 2>&-"
    assert subprocess.run(shell, shell=True).returncode == 0
    assert main([*request, str(open_)]) == 0
    with rasterio.open(closed) as one, rasterio.open(open_) as other:
        np.testing.assert_array_equal(one.read(), other.read())


@pytest.mark.parametrize("buffered", ["", "1"])
def test_reader_that_ends_early_is_not_an_error_message(buffered):
    environment = os.environ | {"PYTHONUNBUFFERED": buffered}
    process = subprocess.Popen(
        [*COMMAND, "models"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear_signals,
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


def test_ctrl_c_during_the_imports_is_silent(tmp_path):
    (tmp_path / "tqdm.py").write_text("import signal\nprint('importing', flush=True)\nsignal.pause()")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    process = subprocess.Popen(
        [*COMMAND, "models"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear_signals,
    )
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == ""
