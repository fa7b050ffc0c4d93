"""Memory: a limit that predict reaches, of the process itself and of a control group."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.faults.surroundings import enter_group
from torture.faults.surroundings import limit_memory as limit_own_memory
from torture.row import Row

_GROUPS = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
_LIMITS = "memory.limit_in_bytes", "memory.max"
_MEGABYTE = 1_000_000


def limit_memory(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Limit the memory at random sizes; then resume without a limit."""
    if quick:
        return []
    chosen = [cases.image] * 12
    rows = [try_all("ulimit -v", seed, chosen, partial(_limit_own, cases), until=cases.until.share(0.6))]
    with _group() as group:
        if group is None:
            return [*rows, Row("faults", "memory of a control group (not tried: no right to make one)", 0, 0, (), 0)]
        attempt = partial(_limit_group, cases, group)
        subject = "memory of a control group"
        return [*rows, try_all(subject, seed, chosen[:5], attempt, at_once=1, until=cases.until)]


def _limit_own(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"memory {number}")
    more = chance.randint(1, 500) * _MEGABYTE  # a run is refused below 200
    ended = case.run(folder, preparations=[partial(limit_own_memory, more)])
    left = case.fault_of(folder)
    if ended.code not in (0, 1) or not ended.is_plain:
        said = f"{more} bytes more: exit code {ended.code}: {ended.words.strip()[-300:]}"
        return f"{said}; {left or 'nothing wrong is left'}"
    return left or ("" if ended.code == 0 else case.fault_after_resuming(folder))


def _limit_group(cases: Cases, group: Path, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"group {number}")
    limit = chance.randint(5, 60) * _MEGABYTE
    next(path for name in _LIMITS if (path := group / name).exists()).write_text(str(limit), encoding="ascii")
    ended = case.run(folder, preparations=[partial(enter_group, group)])
    if ended.code is None:
        return f"a limit of {limit} bytes: it hung"
    return case.fault_of(folder) or ("" if ended.code == 0 else case.fault_after_resuming(folder))


@contextmanager
def _group() -> Iterator[Path | None]:
    """Give a control group of our own; None if this process may not make one."""
    for root in _GROUPS:
        group = root / f"torture_{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            yield group if any((group / name).exists() for name in _LIMITS) else None
        finally:
            group.rmdir()
        return
    yield None
