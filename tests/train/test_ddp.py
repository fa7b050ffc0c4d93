import os
import subprocess
import sys

import pytest
import torch


@pytest.mark.parametrize("stage", ["psnr", "gan"])
def test_two_processes_end_with_the_same_weights(stage, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.train.ddp_script", stage, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in range(2))
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []
