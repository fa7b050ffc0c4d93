"""Tests that runs of revisits and of a GAN go on from every state in which a killed process can leave their folder."""

import json
import shutil
from pathlib import Path

import lightning as L
import pytest

from rs_srgan import SISR, SISRConfig, load_model
from tests.train.conftest import make_small_data
from train.__main__ import main

CONFIGS = Path("train/configs").resolve()
STAGES = {
    "misr_x4_rgbn": [
        *("--data.native_share=0", "--data.revisits.most=3", "--model.fusion.channels=16", "--model.fusion.blocks=1")
    ],
    "srgan_x4_rgbn": [
        *("--data.native_share=0", "--model.discriminator.channels=4", "--model.adversarial.discriminator_only=1")
    ],
}
EPOCHS, STEPS = 2, 2


class Copies(L.Callback):
    """Copies the folder of a run after given numbers of batches: what `kill -9` would leave there."""

    def __init__(self, run: str, after: list[int]) -> None:
        self.run, self.after = Path(run), after

    def on_train_batch_end(self, trainer, module, *_):
        done = trainer.current_epoch * STEPS + trainer.fit_loop.batch_idx + 1
        if done in self.after:
            shutil.copytree(self.run, self.run.with_name(f"killed_after_{done}"))


def fit(name: str, folder: Path, run: str, *options: str) -> int:
    """Run a configuration with small networks, in the folder `run`."""
    request = ["fit", "--config", str(CONFIGS / f"{name}.yaml"), *STAGES[name], "--model.init_from", "start"]
    request += ["--data.root=data", "--data.crop_lr_px=12", "--data.batch_size=2", f"--data.steps_per_epoch={STEPS}"]
    request += ["--trainer.max_time=null", f"--trainer.max_epochs={EPOCHS}", "--trainer.accelerator=cpu"]
    request += ["--trainer.limit_val_batches=1", "--trainer.enable_progress_bar=false"]
    request += [f"--trainer.default_root_dir={folder / run}"]
    return main([*request, *options])


@pytest.fixture(scope="module", params=STAGES)
def finished(request, tmp_path_factory):
    """Return a stage and the folder with its finished run, and with copies of the run from before its end."""
    folder = tmp_path_factory.mktemp("resume")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make_small_data(folder / "data")
        SISR(SISRConfig(channels=16, blocks=1)).save_pretrained("start")
        arguments = {"run": str(folder / "whole"), "after": [1, STEPS + 1]}
        callback = {"class_path": f"{Copies.__module__}.Copies", "init_args": arguments}
        assert fit(request.param, folder, "whole", f"--trainer.callbacks={json.dumps([callback])}") == 0
        yield request.param, folder


def weights(run: Path) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in load_model(run / "model").state_dict().items()}


def files(run: Path) -> dict[Path, bytes]:
    """Return the results in the folder of a run; logs belong to each start of it."""
    found = [path for path in run.rglob("*") if path.is_file() and "log" not in path.relative_to(run).parts]
    return {path: path.read_bytes() for path in found if path.name != "config.yaml"}


@pytest.mark.parametrize("done", [1, STEPS + 1])
def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been_killed(finished, done):
    name, folder = finished
    run = folder / f"killed_after_{done}"
    assert (run / "checkpoints" / "last.ckpt").exists() == (done > STEPS)
    assert fit(name, folder, run.name, "--ckpt_path=last") == 0
    assert weights(run) == weights(folder / "whole")
    record = json.loads((run / "model" / "training.json").read_text())
    assert record["steps"] == EPOCHS * STEPS


def test_a_finished_run_stays_and_goes_on_only_when_it_gets_more_epochs(finished, caplog):
    name, folder = finished
    shutil.copytree(folder / "whole", folder / "again")
    before = files(folder / "again")
    with caplog.at_level("INFO"):
        assert fit(name, folder, "again", "--ckpt_path=last") == 0
    assert files(folder / "again") == before
    assert "Nothing is left to do" in caplog.text
    assert fit(name, folder, "again", "--ckpt_path=last", f"--trainer.max_epochs={EPOCHS + 1}") == 0
    assert weights(folder / "again") != weights(folder / "whole")
    record = json.loads((folder / "again" / "model" / "training.json").read_text())
    assert record["steps"] == (EPOCHS + 1) * STEPS
    assert f"{record['steps']} steps" in (folder / "again" / "report.md").read_text()
