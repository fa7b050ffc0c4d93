"""The campaign: all inputs of all readers, in as many processes as there are cores."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from benchmarks.report import ROOT
from rs_srgan.cores import usable_cores
from torture.deadline import NEVER, Deadline
from torture.fuzz.outcome import Outcome, lines
from torture.fuzz.reader import READERS
from torture.fuzz.watchdog import Watched
from torture.row import Row

INPUTS, QUICK_INPUTS = 2000, 25
# Copies of the inputs that failed. Git ignores the folder.
KEPT = ROOT / "build" / "torture"
_MOST_PROCESSES = 2


def run(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Attack every reader; see `torture.__main__`."""
    processes, inputs = min(_MOST_PROCESSES, usable_cores()), QUICK_INPUTS if quick else INPUTS

    def attack_one(index: int, name: str) -> Row:
        # the readers from this one on share what is left, as many at a time as there are processes
        return attack(name, seed, inputs, until=until.share(processes / (len(READERS) - index)))

    with ThreadPoolExecutor(processes) as pool:
        return list(pool.map(attack_one, range(len(READERS)), READERS))


def attack(name: str, seed: int, inputs: int, kept: Path = KEPT, until: Deadline = NEVER) -> Row:
    """Attack one reader with so many inputs.

    Args:
        name: name of the reader.
        seed: seed of the run.
        inputs: number of inputs.
        kept: folder for copies of the inputs that fail.
        until: after it no input is read.
    """
    start = time.monotonic()
    with Watched(name, seed, kept) as worker:
        outcomes = [worker.attempt(number) for number in takewhile(lambda _: not until.has_passed, range(inputs))]
    return replace(row_of(name, outcomes, seed, time.monotonic() - start), planned=inputs)


def row_of(name: str, outcomes: list[Outcome], seed: int, seconds: float) -> Row:
    """Return the row of a reader. It tells how many inputs were refused, so that one sees that they were broken."""
    survived = sum(not outcome.failure for outcome in outcomes)
    refused = sum(outcome.refused and not outcome.failure for outcome in outcomes)
    subject = f"{name} ({refused / max(1, len(outcomes)):.0%} refused)"
    return Row("fuzz", subject, len(outcomes), survived, lines(outcomes, seed), seconds)
