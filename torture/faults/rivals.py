"""Rivals: several runs that write the same result at the same time."""

import random
from functools import partial

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.row import Row

_RIVALS = 4


def start_rivals(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Start four runs of one target; one writes it, and the others say why they do not."""
    options: list[tuple[str, ...]] = [(), ("--resume",), ("--overwrite",), ("--overwrite", "--resume")]
    if quick:
        return []
    attempt = partial(_compete, cases, cases.image)
    return [try_all("four runs of one target", seed, options * 2, attempt, at_once=1, until=cases.until)]


def _compete(cases: Cases, case: Case, number: int, chance: random.Random, options: tuple[str, ...]) -> str:
    folder = cases.attempt(f"rivals {number}")
    rivals = []
    for _ in range(_RIVALS):
        rivals.append(case.start(folder, *options))
        rivals[-1].wait(chance.uniform(0, 0.2))
    ended = [rival.end() for rival in rivals]
    codes = [each.code for each in ended]
    if any(code not in (0, 1, 2) for code in codes) or not all(each.is_plain for each in ended):
        return f"exit codes {codes}: {ended[-1].words.strip()[-300:]}"
    if codes.count(0) != 1 and "--overwrite" not in options:
        return f"exit codes {codes}; expected one 0"
    if 0 not in codes:
        return f"exit codes {codes}: nobody wrote it"
    return case.fault_at_end(folder)
