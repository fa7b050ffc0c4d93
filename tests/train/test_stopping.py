import resource
import signal

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from rs_srgan import InputError
from tests.train.test_module import SMALL, pairs, trainer
from train.module import SISRModule
from train.stopping import HowToGoOn, exit_code, last_checkpoint, require_checkpoint, unwritten


def test_ends_have_the_exit_codes_of_a_shell():
    assert exit_code(KeyboardInterrupt()) == 130
    assert exit_code(SystemExit(128 + signal.SIGTERM)) == 143
    assert exit_code(SystemExit(2)) is None
    assert exit_code(SystemExit(0)) is None


def test_ctrl_c_inside_lightning_is_recognised():
    end = SystemExit(1)
    end.__context__ = KeyboardInterrupt()
    assert exit_code(end) == 130


def test_a_stopped_run_says_how_to_go_on(capsys, tmp_path):
    run = trainer(max_steps=2)
    run.fit(SISRModule(config=SMALL, warmup_steps=1), pairs())
    HowToGoOn().on_exception(run, run.lightning_module, KeyboardInterrupt())
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert "step 2" in line and "no checkpoint" in line
    run.save_checkpoint(tmp_path / "here.ckpt")
    resumed = trainer(max_steps=3)
    resumed.fit(SISRModule(config=SMALL, warmup_steps=1), pairs(), ckpt_path=str(tmp_path / "here.ckpt"))
    assert last_checkpoint(resumed) == tmp_path / "here.ckpt"
    HowToGoOn().on_exception(resumed, resumed.lightning_module, SystemExit(143))
    assert f"--ckpt_path {tmp_path / 'here.ckpt'}" in capsys.readouterr().err


def test_an_error_of_a_run_is_no_stop(capsys):
    HowToGoOn().on_exception(trainer(max_steps=1), SISRModule(config=SMALL), ValueError())
    assert capsys.readouterr().err == ""


def test_a_checkpoint_must_be_complete(tmp_path):
    require_checkpoint(None)
    require_checkpoint("last")
    whole, cut = tmp_path / "whole.ckpt", tmp_path / "cut.ckpt"
    torch.save({"a": torch.zeros(1000)}, whole)
    require_checkpoint(str(whole))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").write_bytes(b"")
    require_checkpoint("last")
    with pytest.raises(InputError, match="checkpoint"):
        require_checkpoint("last", tmp_path)
    cut.write_bytes(whole.read_bytes()[:-100])
    for path in (cut, tmp_path / "no.ckpt"):
        with pytest.raises(InputError, match="checkpoint"):
            require_checkpoint(str(path))


@pytest.fixture
def full_disk():
    """Return a function after which no file can have more than some bytes, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class FullLater(L.Callback):
    """Fills the disk when the second epoch begins."""

    def __init__(self, fill):
        self.fill = fill

    def on_train_epoch_start(self, trainer, module):
        if trainer.current_epoch == 1:
            self.fill(20_000)


def test_a_full_disk_names_the_last_checkpoint_and_leaves_it_whole(full_disk, tmp_path):
    saving = ModelCheckpoint(tmp_path, save_last=True, every_n_epochs=1, enable_version_counter=False)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    run = L.Trainer(accelerator="cpu", max_epochs=2, callbacks=[FullLater(full_disk), saving, HowToGoOn()], **quiet)
    with pytest.raises(OSError, match="large") as full:
        run.fit(SISRModule(config=SMALL, warmup_steps=1), pairs(8))
    line = str(unwritten(full.value))
    assert f"--ckpt_path {tmp_path / 'last.ckpt'}" in line and "\n" not in line
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["epoch"] == 0


def test_the_error_of_pytorch_for_a_full_disk_is_recognised(full_disk, tmp_path):
    full_disk(20_000)
    with pytest.raises(RuntimeError) as full:
        torch.save(torch.zeros(100_000), tmp_path / "x.ckpt")
    assert "disk" in str(unwritten(full.value))
    assert unwritten(RuntimeError("another error")) is None
