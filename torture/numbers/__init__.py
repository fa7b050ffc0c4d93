"""Numbers: extreme values, shifts, flips and brightness, tiles, and repetition, for all bundled models and engines."""

from torture.deadline import Deadline
from torture.numbers.equivariance import flip_and_turn, move, scale_brightness
from torture.numbers.extremes import give_extremes
from torture.numbers.runs import compare_runs
from torture.numbers.views import mix_views
from torture.row import Row

# The attacks, and the share of the time that each needs, in percent.
_ATTACKS = {give_extremes: 25, move: 10, flip_and_turn: 10, scale_brightness: 10, mix_views: 5, compare_runs: 40}


def run(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Give every bundled model unusual numbers; see `torture.__main__`."""
    rows = []
    for attack, own in zip(_ATTACKS, until.shares([*_ATTACKS.values()]), strict=True):
        rows += attack(seed, quick, own)
    return rows
