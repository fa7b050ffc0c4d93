"""Power: it fails, and what was not forced onto the disk is lost."""

import os
import random
import shutil
import signal
import subprocess
from functools import partial

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.faults.crash import LOSSES, folder_after
from torture.faults.mounts import can_mount, in_own_mounts, unmount
from torture.faults.recorder import Operation, read_log, record
from torture.row import Row

_DISK_BYTES = 32_000_000


def cut_the_power(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Lose the last writes at random moments, then resume: by a record of all writes, and on a real file system."""
    rows = []
    recorded = (cases.image, cases.uncertain, cases.cog)[: 1 if quick else None]
    weights = [1] * (len(recorded) + (not quick))  # the last one is that of ext4
    for case, until in zip(recorded, cases.until.shares(weights), strict=False):
        operations = [] if until.has_passed else _recorded(cases, case)
        chosen = [(operations, LOSSES[number % len(LOSSES)]) for number in range(2 if quick else 30)]
        subject = f"power cut, by a record of writes, {case.name}"
        rows.append(try_all(subject, seed, chosen, partial(_lose, cases, case), until=until))
    if quick:
        return rows
    if os.geteuid() == 0 and can_mount() and shutil.which("mkfs.ext4"):
        rows.append(in_own_mounts(_cut_all, cases, seed, ([cases.image, cases.uncertain, cases.cog] * 4)[:10]))
    else:
        rows.append(Row("faults", "power cut, ext4 (not tried: it needs root and mkfs.ext4)", 0, 0, (), 0))
    return rows


def _recorded(cases: Cases, case: Case) -> list[Operation]:
    folder = cases.attempt(f"record {case.name}")
    log = folder.with_suffix(".log")
    if (ended := case.run(folder, preparations=[partial(record, folder, log)])).code != 0:
        raise RuntimeError(f"{case.name} ended with {ended.code}: {ended.words}")
    return read_log(log)


def _lose(cases: Cases, case: Case, number: int, chance: random.Random, given: tuple[list[Operation], str]) -> str:
    operations, loss = given
    # half of the cuts fall into the last operations, which publish the result
    first = 0 if chance.random() < 0.5 else len(operations) - 25
    moment = chance.randint(max(0, first), len(operations))
    folder = cases.attempt(f"power {case.name} {number}")
    folder_after(operations[:moment], loss, chance, folder)
    fault = case.fault_of(folder) or case.fault_after_resuming(folder)
    return f"{loss}, {moment} of {len(operations)} operations: {fault}" if fault else ""


def _cut_all(cases: Cases, seed: int, chosen: list[Case]) -> Row:
    return try_all("power cut, ext4", seed, chosen, partial(_cut, cases), until=cases.until)


def _cut(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"ext4 {number}")
    disk, after = folder.with_suffix(".disk"), folder.with_suffix(".after")
    with disk.open("wb") as file:
        file.truncate(_DISK_BYTES)
    _call("mkfs.ext4", "-q", "-F", str(disk))
    _call("mount", "-o", "loop,commit=300", str(disk), str(folder))
    running = case.start(folder)
    running.wait(chance.uniform(0.1, 1.1 * case.seconds))
    running.send(signal.SIGKILL)
    running.end()
    shutil.copyfile(disk, after)  # what has reached the disk, and nothing of the memory
    unmount(folder)
    _call("mount", "-o", "loop", str(after), str(folder))
    shutil.rmtree(folder / "lost+found")
    fault = case.fault_of(folder) or case.fault_after_resuming(folder)
    unmount(folder)
    disk.unlink()
    after.unlink()
    return fault


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
