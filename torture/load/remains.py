"""What remains of the visitors: what the server still uses when they have left, and what it printed."""

import dataclasses
import time
from collections import Counter
from pathlib import Path

from torture.app_server import AppServer
from torture.deadline import Deadline
from torture.errands import CANARY
from torture.load.tally import MOST_KINDS, PART
from torture.row import Row
from torture.usage import Usage

# How long the server keeps results, and how long it may take to remove them: it and Gradio look for them now and then.
KEEP_MINUTES = 1.0
_SETTLE_SECONDS, _LEAST_SETTLE_SECONDS, _LOOK_SECONDS = 200.0, 60 * KEEP_MINUTES + 30, 5.0
# Bounds of what may be left: memory that allocators keep, threads and connections that wait for the next request.
_MEMORY_SHARE, _THREADS, _HANDLES = 1.25, 45, 16
# Errors that Gradio prints with a traceback: a refused path, open connections at the end of the server, and the end of
# its own cleaner of uploads, which `app.jobs.uploads.clear_uploads` does without.
_EXPECTED = ("gradio.exceptions.InvalidPathError", "asyncio.exceptions.CancelledError", "Set changed size during")


def what_is_left(server: AppServer, before: Usage, seed: int, until: Deadline) -> Row:
    """Compare what the server uses with what it used before the visitors, when old results are removed."""
    start, end = time.monotonic(), until if until.left < _SETTLE_SECONDS else Deadline.after(_SETTLE_SECONDS)
    bounds = {
        "memory_mb": _MEMORY_SHARE * before.memory_mb,
        "processes": before.processes,
        "threads": before.threads + _THREADS,
        "handles": before.handles + _HANDLES,
        "files": before.files,
        "folders": before.folders + 1,  # that of uploads
    }
    while True:
        after = server.usage()
        above = [name for name, bound in bounds.items() if getattr(after, name) > bound]
        if not (above and server.is_running()) or end.has_passed:
            break
        time.sleep(_LOOK_SECONDS)
    then, now = dataclasses.asdict(before), dataclasses.asdict(after)
    figures = ", ".join(f"{name.replace('_', ' ')} {then[name]:.0f} to {now[name]:.0f}" for name in bounds)
    if above and server.is_running() and time.monotonic() < start + _LEAST_SETTLE_SECONDS:
        return Row(
            PART, f"what is left, too early to judge: {figures}", 0, 0, (), time.monotonic() - start, len(bounds)
        )
    found = [f"seed {seed}: {name} {now[name]:.0f}; expected at most {bounds[name]:.0f}" for name in above]
    if not server.is_running():
        found.append(f"seed {seed}: the server has ended")
    survived = max(0, len(bounds) - len(found))
    return Row(PART, f"what is left: {figures}", len(bounds), survived, tuple(found), time.monotonic() - start)


def read_log(log: Path, seed: int) -> Row:
    """Look for errors that nobody expected, and for names of visitors' files, in what the server printed."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = Counter(line[:200] for line in lines if CANARY in line)
    for number, line in enumerate(lines):
        if line.startswith("Traceback"):
            last = next((each for each in lines[number + 1 :] if each and not each.startswith(" ")), "")
            said[last[:200]] += not any(name in last for name in _EXPECTED)
    said = +said
    found = tuple(f"seed {seed}, {count} times: {line}" for line, count in said.most_common(MOST_KINDS))
    return Row(PART, "lines of the server's log", len(lines), len(lines) - said.total(), found, 0)
