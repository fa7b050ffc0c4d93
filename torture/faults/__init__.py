"""Faults: `rs-srgan predict` is killed, and loses its disk, its memory, its input or its power.

After each fault the result is whole or can be resumed, and then has the pixels of a run that nothing disturbed.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

from torture.deadline import Deadline
from torture.faults.cases import make_cases
from torture.faults.clocks import change_clocks
from torture.faults.damage import damage_leftovers
from torture.faults.disks import fill_disks, lose_folders
from torture.faults.images import change_images
from torture.faults.kills import kill_at_file_operations, kill_at_random_moments, kill_commands, stop_by_signals
from torture.faults.memory import limit_memory
from torture.faults.power import cut_the_power
from torture.faults.rivals import start_rivals
from torture.faults.threads import kill_threads
from torture.row import Row

# The attacks, and the share of the time that each needs, in percent: measured on two cores that did little else.
_ATTACKS = {
    kill_at_random_moments: 25,
    kill_commands: 4,
    kill_at_file_operations: 14,
    stop_by_signals: 6,
    fill_disks: 7,
    lose_folders: 5,
    change_images: 10,
    start_rivals: 4,
    change_clocks: 4,
    kill_threads: 3,
    damage_leftovers: 6,
    cut_the_power: 8,
    limit_memory: 4,  # the last: OpenBLAS may hang without memory, which takes minutes of the others
}


def run(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Attack predict in every way; see `torture.__main__`."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="rs_srgan_torture_") as folder, make_cases(Path(folder), quick) as cases:
        for attack, own in zip(_ATTACKS, until.shares([*_ATTACKS.values()]), strict=True):
            rows += attack(replace(cases, until=own), seed, quick)
    return rows
