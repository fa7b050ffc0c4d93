import subprocess
import sys

import pytest

from rs_srgan import SISR, SISRConfig, load_model
from rs_srgan.cli.main import main
from tests.train.data.makers import RGBN, pair_folder

SMALL = SISRConfig(channels=16, blocks=1)


def finetune(folder, *options):
    """Run the command in a folder with `pairs` and `start`."""
    request = ["finetune", "pairs", "-o", "run", "--model", "start", "--steps", "1", *options]
    done = subprocess.run(
        [sys.executable, "-m", "rs_srgan", *request], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "run/model\n"
    return done.stderr


def test_a_folder_of_pairs_becomes_a_model_and_the_same_command_goes_on(tmp_path):
    pair_folder(tmp_path / "pairs", count=3, side=96)
    SISR(SMALL).save_pretrained(tmp_path / "start")
    printed = finetune(tmp_path, "--ckpt_path", "last")  # there is none yet
    assert load_model(tmp_path / "run" / "model").config.bands == RGBN
    assert "than the start (start)" in printed
    assert "Nothing is left to do" in finetune(tmp_path, "--ckpt_path", "last")


@pytest.mark.parametrize(("change", "words"), [([], "pairs"), (["--steps", "0"], "steps")])
def test_a_wrong_request_is_2_and_one_line(tmp_path, capsys, change, words):
    folder = tmp_path if change else tmp_path / "pairs"
    assert main(["finetune", str(folder), "-o", str(tmp_path / "run"), *change]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rs-srgan: ") and words in line
    assert not (tmp_path / "run").exists()
