"""Landlock: a process that can read some folders only."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CODE = """
import os, sys
from pathlib import Path
from app.sandbox.landlock import allow_reading_only
inside, outside = map(Path, sys.argv[1:])
if not allow_reading_only([inside]):
    sys.exit(3)
print((inside / "a").read_text())
for path, mode in ((outside / "a", "r"), (inside / "new", "w"), ("/proc/self/maps", "r")):
    try:
        open(path, mode)
    except PermissionError:
        print("refused")
try:
    os.truncate(outside / "a", 0)
except PermissionError:
    print("refused")
"""


def test_a_process_reads_its_folders_and_writes_nothing(tmp_path):
    folders = tmp_path / "inside", tmp_path / "outside"
    for folder in folders:
        folder.mkdir()
        (folder / "a").write_text(folder.name)
    command = [sys.executable, "-c", CODE, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode == 3:
        pytest.skip("this system has no Landlock")
    assert done.stdout.split() == ["inside", "refused", "refused", "refused", "refused"], done.stderr
    assert (folders[1] / "a").read_text() == "outside"
