"""Kills: `kill -9` at random moments and at each change of a file, and signals that ask predict to stop."""

import os
import random
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.faults.surroundings import count_operations, die_at_operation
from torture.row import Row

# Share of the kills after which the process that resumes is killed, too.
_AGAIN = 1 / 3
_MOST_OPERATIONS = 60


def kill_at_random_moments(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Kill predict at random moments, resume, sometimes kill that again, and compare the pixels."""
    shares = {"one image": 14, "revisits": 12, "uncertainty": 8, "COG": 8, "catalogue": 8}
    rows = []
    for case, until in zip(cases.all()[: 1 if quick else None], cases.until.shares([*shares.values()]), strict=False):
        chosen = [case] * (1 if quick else shares[case.name])
        rows.append(try_all(f"kill -9, {case.name}", seed, chosen, partial(_kill, cases), until=until))
    return rows


def _kill(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"kill {case.name} {number}")
    kills = 2 if chance.random() < _AGAIN else 1
    while kills:
        moment = chance.uniform(0.05, case.seconds)
        running = case.start(folder, "--resume")
        if running.wait(moment):
            if fault := case.fault_of_resumed(running.end(), folder):
                return fault
            for path in folder.iterdir():  # too late for a kill: begin again
                path.unlink()
            continue
        running.send(signal.SIGKILL)
        if running.end().code != -signal.SIGKILL:
            continue
        kills -= 1
        if fault := case.fault_of(folder):
            return f"after kill -9 at {moment:.2f} s {fault}"
    return case.fault_after_resuming(folder)


def kill_commands(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Kill the command itself, imports included, three times."""
    if quick:
        return []
    attempt = partial(_kill_one, cases)
    return [try_all("kill -9, the whole command", seed, [cases.image] * 3, attempt, until=cases.until)]


def _kill_one(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"command {number}")
    command = [sys.executable, "-m", "rs_srgan", *case.arguments(folder, "--resume")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(chance.uniform(1, 6))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if fault := case.fault_of(folder):
        return fault
    return "" if process.returncode == 0 else case.fault_after_resuming(folder)


def kill_at_file_operations(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Kill predict just before each operation on a file beside the result, the last ones included."""
    rows = []
    attacked = ((cases.uncertain, ""), (cases.cog, ""), (cases.image, "overwritten"))[: 1 if quick else None]
    for (case, overwritten), until in zip(attacked, cases.until.shares([1] * len(attacked)), strict=True):
        count = _MOST_OPERATIONS if until.has_passed else _count_operations(cases, case, overwritten)
        chosen = list(range(count, 0, -1))[:12:6] if quick else list(range(count, 0, -1))[:_MOST_OPERATIONS]
        subject = f"kill -9 before each change of a file, {overwritten or case.name}"
        rows.append(try_all(subject, seed, chosen, partial(_kill_at, cases, case, overwritten), until=until))
    return rows


def _prepare(cases: Cases, case: Case, overwritten: str, name: str) -> tuple[Path, list[str]]:
    """Return a folder for an attempt, and options; to be overwritten, it holds a whole result of an earlier run."""
    folder = cases.attempt(f"{name} {case.name}")
    if overwritten:
        assert case.expected  # makes the whole results
        for result in case.names:
            shutil.copy(case.whole / result, folder)
    return folder, ["--overwrite"] if overwritten else []


def _count_operations(cases: Cases, case: Case, overwritten: str) -> int:
    """Return the number of operations of an undisturbed run."""
    folder, options = _prepare(cases, case, overwritten, "count")
    counted = folder.with_suffix(".count")
    ended = case.run(folder, *options, preparations=[partial(count_operations, folder, counted)])
    if ended.code != 0:
        raise RuntimeError(f"{case.name} ended with {ended.code}: {ended.words}")
    return counted.stat().st_size


def _kill_at(cases: Cases, case: Case, overwritten: str, number: int, chance: random.Random, operation: int) -> str:
    folder, options = _prepare(cases, case, overwritten, f"operation {operation}")
    ended = case.run(folder, *options, preparations=[partial(die_at_operation, folder, operation)])
    if ended.code != -signal.SIGKILL:
        return f"the process ended with {ended.code} before operation {operation}"
    fault = case.fault_of(folder) or case.fault_of_resumed(case.run(folder, "--resume", *options), folder)
    return f"killed before operation {operation}: {fault}" if fault else ""


def stop_by_signals(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Send SIGTERM and SIGINT at random moments; check the exit code, and resume."""
    rows = []
    signals = () if quick else ((signal.SIGTERM, 143), (signal.SIGINT, 130))
    for (number, code), until in zip(signals, cases.until.shares([1] * len(signals)), strict=True):
        chosen, attempt = [cases.image, cases.uncertain] * 5, partial(_stop, cases, number, code)
        rows.append(try_all(f"{number.name}, exit code {code}", seed, chosen, attempt, until=until))
    return rows


def _stop(cases: Cases, signal_number: int, code: int, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"signal {signal_number} {number}")
    ended = None
    while ended is None or ended.code == 0:
        for path in folder.iterdir():
            path.unlink()
        running = case.start(folder)
        while not os.listdir(folder) and not running.wait(0.005):
            pass  # the process is still about to begin
        running.wait(chance.uniform(0, 0.8 * case.seconds))
        running.send(signal_number)
        ended = running.end()
    if ended.code != code or not ended.is_plain:
        return f"exit code {ended.code}: {ended.words.strip()[-200:]}"
    return case.fault_of(folder) or case.fault_after_resuming(folder)
