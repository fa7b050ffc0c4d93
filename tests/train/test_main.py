import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.rs_srgan.cli.signals import hear_signals
from tests.train.data.makers import pair_folder

CONFIG = str(Path("train/configs/finetune.yaml").resolve())


@pytest.fixture
def started(tmp_path, model_folder):
    """Return a function that starts `python -m train` on pairs, for a run without end; it is killed afterwards."""
    pair_folder(tmp_path / "pairs", count=3, side=96)
    words = ["fit", "--config", CONFIG, "--data.root", str(tmp_path / "pairs"), "--model.init_from", str(model_folder)]
    words += ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.max_epochs=100000"]
    words += ["--data.crop_lr_px=8", "--data.batch_size=1", "--data.steps_per_epoch=1"]
    processes = []

    def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "train", *words, "--trainer.default_root_dir", str(tmp_path / "run")]
        streams = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
        processes.append(subprocess.Popen(command, preexec_fn=hear_signals, **streams))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.wait()


def wait_for(process, met):
    while not met():
        assert process.poll() is None, process.stderr.read()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


def test_sigterm_ends_a_run_with_143_and_the_line_that_says_how_to_go_on(started, tmp_path):
    process, saved = started(), tmp_path / "run" / "checkpoints" / "last.ckpt"
    wait_for(process, saved.is_file)
    process.send_signal(signal.SIGTERM)
    _, printed = process.communicate(timeout=300)
    assert process.returncode == 143
    assert "Traceback" not in printed
    assert printed.splitlines()[-1].endswith(f"Go on with the same command and --ckpt_path {saved}.")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sees by /proc that imports have begun")
def test_ctrl_c_during_the_imports_prints_no_traceback(started):
    process = started()
    wait_for(process, lambda: "libtorch" in Path(f"/proc/{process.pid}/maps").read_text())
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in printed
