"""`save_memory`: settings of a process that reads, computes and writes for hours."""

import ctypes
import os

# The C library of most Linux systems, see mallopt(3).
_M_ARENA_MAX = -8
_ARENAS = 2


def save_memory() -> None:
    """Let GDAL and the C library keep little memory. Call it in a command, never in a library: it sets up the process.

    GDAL caches a share of the machine's memory by default; 64 MB hold what is read twice. glibc keeps freed memory for
    each thread, which amounts to half a gigabyte with large images.
    """
    os.environ.setdefault("GDAL_CACHEMAX", "64")
    if os.name == "posix" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_ARENA_MAX, _ARENAS)
