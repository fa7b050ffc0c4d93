"""Numbers: extreme values, shifts, flips and brightness, tiles, and repetition, for all bundled models and engines."""

import tempfile
from pathlib import Path

from torture.numbers.equivariance import flip_and_turn, move, scale_brightness
from torture.numbers.extremes import give_extremes
from torture.numbers.runs import compare_runs
from torture.numbers.views import mix_views
from torture.row import Row


def run(seed: int, quick: bool) -> list[Row]:
    """Give every bundled model unusual numbers; see `torture.__main__`."""
    rows = [
        row
        for attack in (give_extremes, move, flip_and_turn, scale_brightness, mix_views)
        for row in attack(seed, quick)
    ]
    with tempfile.TemporaryDirectory(prefix="rs_srgan_torture_") as folder:
        return rows + compare_runs(Path(folder), seed, quick)
