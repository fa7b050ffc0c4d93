"""Tests of `python -m train inspect` on own pairs, by the command that users type."""

from pathlib import Path

from tests.train.data.makers import pair_folder
from train.__main__ import main

CONFIG = str(Path("train/configs/finetune.yaml").resolve())


def test_inspect_prints_what_lies_between_lr_and_hr(tmp_path, capsys):
    own = pair_folder(tmp_path / "mine", count=4, side=128)
    assert main(["inspect", "--config", CONFIG, f"--data.root={own}"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {band}: MTF at Nyquist 0." in printed for band in ("B04", "B03", "B02", "B08"))
