"""Disks: they fill up, become read-only, or vanish with the folder of the result."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.faults.mounts import can_mount, in_own_mounts, mount_tmpfs
from torture.faults.surroundings import limit_file_size
from torture.row import Row

_LARGE_BYTES = 64_000_000

# Changes a folder that a process writes into.
_Change = Callable[[Path], object]


def fill_disks(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Fill the disk under predict at random sizes, make room, and resume."""
    chosen = ([cases.image, cases.cog, cases.uncertain] * 4)[: 1 if quick else None]
    half = cases.until.share(0.5)
    rows = [try_all("a file that must not grow", seed, chosen, partial(_stop_growth, cases), until=half)]
    if quick:
        return rows
    if can_mount():
        rows.append(in_own_mounts(_fill_all, cases, seed, chosen))
    else:
        rows.append(Row("faults", "a tmpfs that fills (not tried: no right to mount one)", 0, 0, (), 0))
    return rows


def _stop_growth(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"growth {number}")
    limit = chance.randint(0, _bytes(case))
    ended = case.run(folder, preparations=[partial(limit_file_size, limit)])
    if fault := _unclear(ended.code, ended.words, ended.is_plain):
        return f"limit of {limit} bytes: {fault}"
    return case.fault_of(folder) or case.fault_after_resuming(folder)


def _fill_all(cases: Cases, seed: int, chosen: list[Case]) -> Row:
    return try_all("a tmpfs that fills", seed, chosen, partial(_fill, cases), until=cases.until)


def _fill(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"tmpfs {number}")
    most = chance.randint(8_000, 2 * _bytes(case))  # the files beside the result need room, too; a COG is a second copy
    mount_tmpfs(folder, most)
    ended = case.run(folder)
    if fault := _unclear(ended.code, ended.words, ended.is_plain) or case.fault_of(folder):
        return f"a tmpfs of {most} bytes: {fault}"
    if ended.code == 0:
        return case.fault_at_end(folder)
    mount_tmpfs(folder, _LARGE_BYTES, again=True)
    return case.fault_after_resuming(folder)


def _bytes(case: Case) -> int:
    return sum((case.whole / name).stat().st_size for name in case.expected)


def _unclear(code: int | None, words: str, plain: bool) -> str:
    """Return what is wrong with the end of a run that may have succeeded, or lost its disk."""
    return "" if code in (0, 1) and plain else f"exit code {code}: {words.strip()[-200:]}"


def lose_folders(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Make the folder of the result read-only, move it away, or remove it, while predict writes into it."""
    count = 1 if quick else 5
    rows = []
    ways: tuple[tuple[str, _Change, _Change], ...] = (
        ("moved away", _move, _move_back),
        ("removed", shutil.rmtree, Path.mkdir),
        ("read-only", partial(let_write, allowed=False), partial(let_write, allowed=True)),
    )
    for (name, lose, bring_back), until in zip(ways[: 1 if quick else None], cases.until.shares([1] * 3), strict=False):
        subject = f"the folder of the result is {name}"
        if name == "read-only" and not can_forbid(cases.attempt("read-only probe")):
            rows.append(Row("faults", f"{subject} (not tried: nothing here stops root)", 0, 0, (), 0))
            continue
        chosen = ([cases.image, cases.uncertain, cases.cog] * 2)[:count]
        attempt = partial(_lose, cases, name, lose, bring_back)
        rows.append(try_all(subject, seed, chosen, attempt, until=until))
    return rows


def _lose(
    cases: Cases, name: str, lose: _Change, bring_back: _Change, number: int, chance: random.Random, case: Case
) -> str:
    folder = cases.attempt(f"{name} {number}")
    running = case.start(folder)
    while not any(folder.iterdir()) and not running.wait(0.005):
        pass
    running.wait(chance.uniform(0, case.seconds / 2))
    try:
        lose(folder)
    except OSError as error:  # a file appeared while it was removed
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
        if name != "removed":
            return f"cannot be {name}: {error}"
    ended = running.end()
    if not folder.exists() or name == "read-only":
        bring_back(folder)
    if fault := _unclear(ended.code, ended.words, ended.is_plain):
        return fault
    if fault := case.fault_of(folder):
        return fault
    if all((folder / each).exists() for each in case.names):
        return ""
    return case.fault_after_resuming(folder)


def _move(folder: Path) -> None:
    folder.rename(folder.with_suffix(".moved"))


def _move_back(folder: Path) -> None:
    folder.with_suffix(".moved").rename(folder)


def can_forbid(folder: Path) -> bool:
    """Return whether a folder can be made read-only for this process, tried with a file in an empty one."""
    let_write(folder, allowed=False)
    try:
        (folder / "probe").touch()
    except OSError:
        return True
    finally:
        let_write(folder, allowed=True)
    return False


def let_write(folder: Path, allowed: bool) -> None:
    """Allow or forbid new names in a folder; for root, whom permissions do not stop, by ext4's attribute."""
    if not allowed:
        folder.chmod(0o555)
    if sys.platform == "linux" and shutil.which("chattr"):
        subprocess.run(["chattr", "-i" if allowed else "+i", str(folder)], check=False, capture_output=True)
    if allowed:
        folder.chmod(0o755)
