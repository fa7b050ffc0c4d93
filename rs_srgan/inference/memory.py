"""Memory of a process that reads, computes and writes for hours: `save_memory` and `return_memory`."""

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


def return_memory() -> None:
    """Give memory that this process has freed back to the system. Call it between two jobs.

    glibc keeps freed pages that lie between pages in use; a server that was busy once would keep them until it ends.
    """
    if os.name == "posix" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(ctypes.c_size_t(0))
