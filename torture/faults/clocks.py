"""Clocks: the time of day jumps by years, between a run and its resumption and in the middle of one."""

import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.row import Row

# The package `faketime` of Debian and Ubuntu.
_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
_TIMES = ("1970-01-02 00:00:00", "2038-01-20 00:00:00", "2026-06-01 12:00:00", "2099-12-31 23:59:59")


def change_clocks(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Kill predict at one time, and resume at another, while the clock jumps four times a second."""
    if quick:
        return []
    if not _LIBRARIES:
        return [Row("faults", "a clock that jumps (not tried: libfaketime is not installed)", 0, 0, (), 0)]
    return [try_all("a clock that jumps", seed, [cases.image] * 4, partial(_jump, cases), until=cases.until)]


def _jump(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"clock {number}")
    clock = folder.with_suffix(".clock")
    for killed in (True, False):
        process = _start(case, folder, clock)
        begun, moment = time.monotonic(), chance.uniform(3, 6)
        while process.poll() is None:
            fresh = clock.with_suffix(".fresh")
            fresh.write_text(f"@{chance.choice(_TIMES)}\n", encoding="ascii")
            fresh.replace(clock)
            if killed and time.monotonic() - begun > moment:
                process.kill()
            time.sleep(0.25)
        words = (process.stderr.read() if process.stderr else b"").decode(errors="replace")
        if process.returncode == 2 and "exists" in words and not killed:  # the kill came when all was done
            break
        if process.returncode not in ((0, -9) if killed else (0,)):
            return f"exit code {process.returncode}: {words.strip()[-300:]}"
        if fault := case.fault_of(folder):
            return fault
        if process.returncode == 0:
            break
    return case.fault_at_end(folder)


def _start(case: Case, folder: Path, clock: Path) -> subprocess.Popen[bytes]:
    """Start predict with the clock of a file; the times of files stay as they are."""
    clock.write_text(f"@{_TIMES[0]}\n", encoding="ascii")
    own = {"LD_PRELOAD": str(_LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    own |= {"NO_FAKE_STAT": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    command = [sys.executable, "-m", "rs_srgan", *case.arguments(folder, "--resume")]
    return subprocess.Popen(command, env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
