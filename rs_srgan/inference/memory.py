"""A process that reads, computes and writes for hours, and has little memory to lose."""

import ctypes
import os

# Of the C library of most Linux systems, see mallopt(3).
_M_ARENA_MAX = -8
_ARENAS = 2


def save_memory() -> None:
    """Have GDAL and the C library keep little of what they were done with. For a whole process, so not for a library.

    GDAL's own default is a share of the machine's memory; 64 MB hold what is read twice. And glibc lets every thread
    keep what it has freed for itself, which of large images comes to half a gigabyte that the others lack.
    """
    os.environ.setdefault("GDAL_CACHEMAX", "64")
    if os.name == "posix" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_ARENA_MAX, _ARENAS)
