"""What a process uses, seen by another one."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from torture.usage import usage_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="it reads /proc, which Linux has")


def test_children_threads_handles_and_files_count(tmp_path):
    before = usage_of(os.getpid(), tmp_path)
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    (tmp_path / "folder").mkdir()
    with (
        (tmp_path / "folder" / "file").open("wb"),
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child,
    ):
        during = usage_of(os.getpid(), tmp_path)
        child.communicate(b"\n")
    go_on.set()
    thread.join()
    assert during.processes == before.processes + 1
    assert during.threads >= before.threads + 2
    assert during.handles > before.handles
    assert (during.files, during.folders) == (before.files + 1, before.folders + 1)
    assert during.memory_mb > 1


def test_memory_that_processes_share_counts_once(tmp_path):
    program = """
import mmap, os, sys
shared = mmap.mmap(-1, 60_000_000)
shared.write(bytes(len(shared)))
os.fork() and os.fork() and os.fork()
print(flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        for _ in range(4):
            parent.stdout.readline()
        used = usage_of(parent.pid, tmp_path)
    assert used.processes == 4
    assert 60 < used.memory_mb < 120


def test_a_process_that_has_ended_uses_nothing(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    assert usage_of(child.pid, tmp_path).processes == 0
