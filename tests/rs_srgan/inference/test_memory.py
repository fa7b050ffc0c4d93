import platform
import subprocess
import sys

import pytest

# Threads that are all there at once, each with some memory of its own; then the number of glibc's arenas.
COUNT = """
import ctypes, threading
from rs_srgan.inference.memory import save_memory

{first}
together = threading.Barrier(8)

def work():
    together.wait()
    blocks = [bytearray(10_000) for _ in range(1000)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""


def arenas(first: str) -> int:
    told = subprocess.run(
        [sys.executable, "-c", COUNT.format(first=first)], capture_output=True, text=True, check=True
    ).stdout
    return told.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what glibc does")
def test_threads_share_what_they_have_freed():
    assert arenas("save_memory()") <= 2 < arenas("")


RETURN = """
import re
from pathlib import Path
from rs_srgan.inference.memory import return_memory

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

blocks = [bytearray(10_000) for _ in range(20_000)]
del blocks[1::2], blocks[:-1]  # what is freed lies below one that stays
before = resident()
return_memory()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what glibc does")
def test_freed_memory_goes_back_to_the_system():
    told = subprocess.run([sys.executable, "-c", RETURN], capture_output=True, text=True, check=True).stdout
    assert int(told) > 50_000
