import platform
import subprocess
import sys
from pathlib import Path

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


LIMITED = """
import resource, sys
{first}
mapped = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (mapped + {more}, mapped + {more}))
from rs_srgan.cli.main import main
sys.exit(main(["models"]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="only Linux tells how much is mapped")
@pytest.mark.parametrize(("first", "more", "code"), [("", 800e6, 1), ("import torch", 150e6, 1), ("", 4e9, 0)])
def test_a_command_says_that_it_may_map_too_little(first, more, code):
    script = LIMITED.format(first=first, more=int(more))
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == code
    if code:
        assert "ulimit -v" in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
        assert not ended.stdout
