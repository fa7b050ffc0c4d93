"""Processes with few rights, which open the files of strangers.

GDAL is restricted before it registers its drivers: it keeps the drivers of the accepted formats, reads no sidecar files
and has no network. Limits of the operating system bound memory and time, so that a malicious file ends one request and
not the server.

This module must import nothing that imports rasterio, since GDAL reads the settings when rasterio is imported.
"""

import ctypes
import logging
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from app.sandbox.landlock import allow_reading_only
from rs_srgan.control_groups import VERSION_1, group_folders, lines_of

logger = logging.getLogger(__name__)

# The drivers that decode uploads and write results. All others are skipped, with those that future GDALs may add.
ALLOWED_DRIVERS = frozenset({"GTiff", "JP2OpenJPEG", "PNG", "COG", "MEM"})
# Source: GDAL's documentation of its configuration options.
_CLOSED = {
    "GDAL_PAM_ENABLED": "NO",  # no .aux.xml files
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no other sidecar files
    "GDAL_DRIVER_PATH": "disable",  # no plugins
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_VRT_ENABLE_RAWRASTERBAND": "NO",
    "PROJ_NETWORK": "OFF",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "no file on any network",  # closes /vsicurl/, /vsis3/ and similar
}
_LIST_DRIVERS = "import rasterio\nwith rasterio.Env() as env: print(','.join(env.drivers()))"
_MEMORY_SHARE = 0.75
# CPU time beyond what was asked for. Whoever asked ends the process by the clock first, and can then say so.
_CPU_GRACE_SECONDS = 10
# Source: Linux, <linux/sched.h>.
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


@lru_cache(maxsize=1)
def gdal_settings() -> dict[str, str]:
    """Return the environment variables that restrict GDAL.

    The drivers to skip come from GDAL's own list. A child process prints it, since to ask for it registers the drivers.
    """
    environment = {name: value for name, value in os.environ.items() if name != "GDAL_SKIP"}
    command = [sys.executable, "-c", _LIST_DRIVERS]
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    drivers = set(listed.stdout.strip().split(","))
    return _CLOSED | {"GDAL_SKIP": ",".join(sorted(drivers - ALLOWED_DRIVERS))}


def cut_down_gdal(settings: dict[str, str]) -> None:
    """Restrict GDAL in this process and in its child processes.

    Args:
        settings: environment variables from `gdal_settings`.

    Raises:
        RuntimeError: GDAL has already registered other drivers.
    """
    os.environ.update(settings)
    import rasterio  # after the settings

    with rasterio.Env() as environment:
        too_many = sorted(set(environment.drivers()) - ALLOWED_DRIVERS)
    if too_many:
        raise RuntimeError(
            f"GDAL has registered {len(too_many)} drivers that are not allowed: {', '.join(too_many)[:200]}."
        )


def machine_bytes(root: Path = Path("/")) -> int:
    """Return the memory of this machine, or of its control groups if they have less, in bytes.

    Args:
        root: folder that holds proc/ and the mounted control groups.
    """
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for version, group in group_folders("memory", root):
        limit = " ".join(lines_of(group / ("memory.limit_in_bytes" if version == VERSION_1 else "memory.max")))
        if limit.isdigit():  # it is absent, or "max", where nothing is limited
            found.append(int(limit))
    return min(found)


def worker_bytes(processes: int) -> int:
    """Return the memory that each of `processes` computing processes may use, in bytes."""
    return int(_MEMORY_SHARE * machine_bytes() / processes)


def limit_cpu(seconds: float) -> None:
    """Limit this process to some more seconds of CPU time. A while after them the system ends it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time() + seconds) + _CPU_GRACE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


class Sandbox:
    """A process with few rights that communicates over a pipe.

    Args:
        target: "module:function". The process calls `function(connection, *arguments)`; the module may import anything.
        arguments: arguments of the function. Their types must not import rasterio.
        memory: largest memory, bytes.
        only_reads: folders that the process can read. It can then write no file, and use no network. None: the process
            has the rights of the server.

    Attributes:
        connection: the server's end of the pipe.
    """

    def __init__(self, target: str, *arguments: object, memory: int, only_reads: Sequence[Path] | None = None) -> None:
        self._context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads of the server hold
        self.connection, theirs = self._context.Pipe()
        self._process: BaseProcess = self._context.Process(
            target=_enter, args=(gdal_settings(), memory, only_reads, target, theirs, *arguments), daemon=True
        )
        self._process.start()
        theirs.close()

    def is_alive(self) -> bool:
        """Return whether the process is running."""
        return self._process.is_alive()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def new_event() -> Event:
    """Return an event that can be passed to a `Sandbox`."""
    return multiprocessing.get_context("spawn").Event()


def _enter(
    settings: dict[str, str],
    memory: int,
    only_reads: Sequence[Path] | None,
    target: str,
    connection: Connection,
    *arguments: object,
) -> None:
    """Set the limits of the process, then call its function."""
    if only_reads is not None:
        _leave_network()
        if not allow_reading_only(only_reads):
            logger.warning("The reading process could not give up its access to files: this system has no Landlock.")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would contain files of visitors
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    if only_reads is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    cut_down_gdal(settings)
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    function(connection, *arguments)


def _leave_network() -> None:
    """Move this process into an empty network if the system allows it. GDAL has no network in either case."""
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    if unshare is None or unshare(flags) != 0:
        logger.warning("The reading process could not leave the network: %s.", os.strerror(ctypes.get_errno()))
