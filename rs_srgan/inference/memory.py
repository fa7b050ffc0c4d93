"""Memory of a process: enough to begin with, and little that is kept while it works for hours."""

import ctypes
import os
import sys
from pathlib import Path

if os.name == "posix":
    import resource

# The C library of most Linux systems, see mallopt(3).
_M_ARENA_MAX = -8
_ARENAS = 2
# What PyTorch and the other libraries map, and what a run maps beside them at least.
_LIBRARIES_BYTES, _RUN_BYTES = 900_000_000, 200_000_000
_STATM = Path("/proc/self/statm")


def require_address_space() -> None:
    """Check that this process may map what a run needs at least. Call it before the first import of PyTorch.

    OpenBLAS, GDAL and the C++ library hang or crash without a word if they get no memory for their own use.

    Raises:
        MemoryError: the limit of the process (RLIMIT_AS, `ulimit -v`) is too low.
    """
    if not _STATM.is_file():  # only Linux tells how much is mapped
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    mapped = int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    needed = mapped + _RUN_BYTES + (0 if "torch" in sys.modules else _LIBRARIES_BYTES)
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise MemoryError(
            f"The memory is full: this process may map {limit / 1e9:.2f} GB (ulimit -v), and needs "
            f"{needed / 1e9:.2f} GB at least. Raise the limit."
        )


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
