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
