import random
import subprocess
import sys

from torture.faults.crash import folder_after
from torture.faults.recorder import read_log

WRITE = """
import os, sys
from pathlib import Path
from torture.faults.recorder import record

folder = Path(sys.argv[1])
record(folder, folder.with_suffix(".log"))
from rs_srgan.durable import force_content, force_names

with (folder / "a.partial").open("wb", buffering=0) as file:
    file.write(b"pixels of a tile")
    file.seek(7)
    file.write(b"OF")
    file.truncate(10)
    force_content(file)
note = folder / "a.new"
note.write_text("1 of 2", encoding="utf-8")
note.replace(folder / "a.json")
os.link(folder / "a.partial", folder / "a.tif")
(folder / "a.partial").unlink()
force_names(folder)
(folder / "a.json").read_text()
"""


def test_a_record_rebuilds_the_folder(tmp_path):
    folder, again = tmp_path / "folder", tmp_path / "again"
    folder.mkdir()
    again.mkdir()
    subprocess.run([sys.executable, "-c", WRITE, str(folder)], check=True)
    operations = read_log(tmp_path / "folder.log")
    kinds = [each.kind for each in operations]
    assert kinds.count("force") == kinds.count("force names") == kinds.count("link") == kinds.count("unlink") == 1
    folder_after(operations, "all", random.Random(0), again)
    contents = {path.name: path.read_bytes() for path in again.iterdir()}
    # the note was not forced onto the disk, so only its name is there
    assert contents == {"a.tif": b"pixels OF ", "a.json": b""}
