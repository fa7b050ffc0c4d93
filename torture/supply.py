"""What the project is made of and says: dangerous calls, known faults of packages, and secrets in its words."""

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import ROOT
from torture.dangerous_calls import dangers_in
from torture.deadline import Deadline
from torture.leaks import count_ways, search_leaks
from torture.row import Row

PART = "supply"
# The packages that people install or run; tests and benchmarks are not among them.
_SHIPPED = ("rs_srgan", "app", "train", "examples", "scripts", "hatch_build.py")
# A run of pip-audit asks the index once for each package.
_AUDIT_SECONDS = 300
_QUICK_WAYS = ("an image that is refused", "the manifest and the reports of a batch")
CONSTRAINTS = ROOT / "app" / "constraints.txt"


def run(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Search the source for dangerous calls, the packages for known faults, and all words of commands for secrets."""
    rows = [_source()] if quick else [_source(), _bandit(), _packages(until.share(0.3))]
    return [*rows, _words(_QUICK_WAYS if quick else (), until)]


def _source() -> Row:
    start = time.monotonic()
    files, found = dangers_in(ROOT, *_SHIPPED, "benchmarks", "torture")
    return Row(PART, "source files without dangerous calls", files, files - len(found), tuple(found), _since(start))


def _words(chosen: tuple[str, ...], until: Deadline) -> Row:
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture_supply_") as name:
        found = search_leaks(Path(name), chosen, until)
    lines = tuple(f"{way}: {each}" for way, places in found.items() for each in places)
    silent, planned = sum(not places for places in found.values()), len(chosen) or count_ways()
    subject = "commands with secrets: none is said or written"
    return Row(PART, subject, len(found), silent, lines, _since(start), planned)


def _bandit() -> Row:
    """Run bandit. What it reports and is meant so carries a reason in its line: # nosec."""
    start = time.monotonic()
    subject = "source files, by bandit"
    if importlib.util.find_spec("bandit") is None:
        return Row(PART, subject, 0, 0, ("bandit is not installed: pip install rs_srgan[audit]",), 0)
    folders = [each for each in _SHIPPED if not each.endswith(".py")]
    command = [sys.executable, "-m", "bandit", "-q", "-r", *folders, "-c", "pyproject.toml", "-f", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    found = tuple(
        f"{each['filename']}:{each['line_number']}: {each['test_id']} {each['issue_text']}"
        for each in report["results"]
    )
    files = len(report["metrics"]) - 1
    hit = len({each["filename"] for each in report["results"]})
    return Row(PART, subject, files, files - hit, found, _since(start))


def _packages(until: Deadline) -> Row:
    """Ask for known faults of the packages that the image of the app installs."""
    start = time.monotonic()
    subject = "packages of the app's image, by pip-audit"
    if importlib.util.find_spec("pip_audit") is None:
        return Row(PART, subject, 0, 0, ("pip-audit is not installed: pip install rs_srgan[audit]",), 0)
    command = [sys.executable, "-m", "pip_audit", "-r", str(CONSTRAINTS), "--disable-pip", "-f", "json"]
    command += ["--progress-spinner", "off"]
    seconds = min(_AUDIT_SECONDS, until.left)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        listed = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        return Row(PART, f"{subject}: the database could not be asked", 0, 0, (), _since(start))
    found = tuple(
        f"{each['name']} {each['version']}: {fault['id']}" for each in listed for fault in each.get("vulns", [])
    )
    asked = [each for each in listed if "skip_reason" not in each]
    hit = len({line.partition(":")[0] for line in found})
    if len(asked) < len(listed):
        subject += f"; the index knows {len(listed) - len(asked)} of {len(listed)} not"
    return Row(PART, subject, len(asked), len(asked) - hit, found, _since(start))


def _since(start: float) -> float:
    return time.monotonic() - start
