"""Faults: `rs-srgan predict` is killed, and loses its disk, its memory, its input or its power.

After each fault the result is whole or can be resumed, and then has the pixels of a run that nothing disturbed.
"""

import tempfile
from pathlib import Path

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

_ATTACKS = (
    kill_at_random_moments,
    kill_commands,
    kill_at_file_operations,
    stop_by_signals,
    fill_disks,
    lose_folders,
    change_images,
    limit_memory,
    start_rivals,
    change_clocks,
    kill_threads,
    damage_leftovers,
    cut_the_power,
)


def run(seed: int, quick: bool) -> list[Row]:
    """Attack predict in every way; see `torture.__main__`."""
    with tempfile.TemporaryDirectory(prefix="rs_srgan_torture_") as folder, make_cases(Path(folder), quick) as cases:
        return [row for attack in _ATTACKS for row in attack(cases, seed, quick)]
