"""Threads: one of those that read, compute and write dies."""

import random
from functools import partial

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.faults.surroundings import kill_a_thread
from torture.row import Row


def kill_threads(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Let a thread die at a random moment; predict ends, and can be resumed."""
    if quick:
        return []
    return [try_all("a thread that dies", seed, [cases.image] * 10, partial(_kill, cases), until=cases.until)]


def _kill(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"thread {number}")
    moment = chance.uniform(0, case.seconds)
    ended = case.run(folder, preparations=[partial(kill_a_thread, chance.randint(0, 99), moment)])
    if ended.code is None:
        return f"it hung after a thread died at {moment:.2f} s"
    if ended.code not in (0, 1) or not ended.is_plain:
        return f"a thread died at {moment:.2f} s: exit code {ended.code}: {ended.words.strip()[-300:]}"
    return case.fault_of(folder) or ("" if ended.code == 0 else case.fault_after_resuming(folder))
