import os
import subprocess
import sys

import pytest
import torch

from rs_srgan import SISR, load_model
from tests.train.end_to_end.ddp_script import validation
from tests.train.test_module import SMALL, trainer
from train.module import SISRModule
from train.uncertainty import UncertaintyModule

STAGES = ["psnr", "gan", "clock"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a folder with a run of each stage, all made by the same two processes."""
    folder = tmp_path_factory.mktemp("ddp")
    SISR(SMALL).save_pretrained(folder / "source")
    done = subprocess.run(
        [sys.executable, "-m", "tests.train.end_to_end.ddp_script", str(folder), *STAGES, "uncertainty"],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("stage", STAGES)
def test_two_processes_end_with_the_same_weights_and_the_figures_of_one(stage, finished):
    tmp_path = finished / stage
    (first, figures), (second, others) = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []
    assert figures == others
    saved = load_model(tmp_path / "model").state_dict()
    assert [name for name in saved if not torch.equal(saved[name], first[f"model.{name}"])] == []

    (alone,) = trainer(max_steps=1).validate(SISRModule(init_from=str(tmp_path / "model")), validation(), verbose=False)
    for name, value in alone.items():
        assert figures[name] == pytest.approx(value, abs=1e-4), name


def test_two_processes_calibrate_the_uncertainty_as_one_does(finished):
    state, figures = torch.load(finished / "uncertainty" / "rank0.pt", weights_only=True)
    alone = UncertaintyModule(str(finished / "uncertainty" / "model"))
    alone.load_state_dict(state)
    (found,) = trainer(max_steps=1).validate(alone, validation(), verbose=False)
    assert "val/coverage" in found
    for name, value in found.items():
        assert figures[name] == pytest.approx(value, abs=1e-6), name
    factor = alone.sisr.uncertainty_head().factor
    torch.testing.assert_close(factor, state["model.uncertainty.factor"])  # calibrated again, it stays
