"""One attempt: make an input, read it, and judge what the reader did."""

import gc
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rs_srgan.errors import InputError
from torture.fuzz.outcome import Outcome, place_of
from torture.fuzz.reader import Reader, Wrong, random_for

# Largest growth of the memory at one input, and longest message. docs/reliability.md states both.
MEMORY_BYTES = 1_500_000_000
_MOST_CHARACTERS = 2000
# Python shows these to nobody but developers.
_HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
# Lines of libtiff and libgeotiff that go straight to the terminal: neither GDAL nor rasterio can take them.
_BELOW_GDAL = ("_tiffSeekProc: ", "Error: Key ")
_KEPT_BY_GDAL = ("product.zip", "product.bin", "proj.db")
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def attempt(reader: Reader, name: str, seed: int, number: int, folder: Path) -> Outcome:
    """Make one input and read it.

    Args:
        reader: the reader.
        name: its name.
        seed: seed of the whole run.
        number: number of the input.
        folder: folder for the input. Its content is removed first.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = reader.write(random_for(seed, name, number), folder)
    _forget_peak()
    before = _peak_bytes()
    files, refused, failure = _open_files(), False, ""
    with _shown() as shown, _logged() as tracebacks, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for hidden in _HIDDEN:
            warnings.simplefilter("ignore", hidden)
        try:
            reader.read(path)
        except InputError as error:
            refused, failure = True, _fault_of_message(str(error))
        except Wrong as error:
            failure = f"wrong: {error}"
        except Exception as error:
            failure = place_of(error)
    printed = "\n".join(line for line in shown.read_text(errors="replace").splitlines() if not _is_known(line))
    shown.unlink()
    if not failure and warned:
        failure = f"Python warning at {Path(warned[0].filename).name}:{warned[0].lineno}: {warned[0].message!s:.120}"
    if not failure and tracebacks:
        failure = f"logged traceback: {tracebacks[0]:.120}"
    if not failure and printed.strip():
        failure = f"printed by a library: {' '.join(printed.split()):.160}"
    if not failure and (growth := _peak_bytes() - before) > MEMORY_BYTES:
        failure = f"memory: {growth / 1e9:.1f} GB more than before"
    if not failure and _open_files() > files and (gc.collect(), _open_files())[1] > files:
        failure = "files left open: more than before the input"
    return Outcome(number, failure, refused)


def _is_known(line: str) -> bool:
    """Return whether a line is a warning of GDAL, which rasterio leaves to it, or one that nobody can take."""
    return line.startswith(("Warning 1: ", *_BELOW_GDAL))


def _fault_of_message(message: str) -> str:
    if not message.isprintable():  # a line break, a terminal's control character, or half of a surrogate pair
        return f"message that is not one printable line: {message!r:.160}"
    if len(message) > _MOST_CHARACTERS:
        return f"message too long: {len(message):,} characters, {message:.80}"
    return "message is empty: InputError" if not message else ""


@contextmanager
def _shown() -> Iterator[Path]:
    """Collect what libraries in C print, and yield the file that will hold it."""
    sys.stderr.flush()
    handle, name = tempfile.mkstemp(prefix="rs_srgan_fuzz_")
    before = os.dup(2)
    os.dup2(handle, 2)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)


class _Tracebacks(logging.Handler):
    """A handler that shows nothing, and keeps the messages of records that carry a traceback."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._found.append(record.getMessage())


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Take all logs, as the command line sets them up, and yield the messages that came with a traceback."""
    found: list[str] = []
    root = logging.getLogger()
    handler = _Tracebacks(found)
    levels = {name: logging.getLogger(name).level for name in ("rasterio", "huggingface_hub")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    before, root.handlers = root.handlers, [handler]
    try:
        yield found
    finally:
        root.handlers = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _forget_peak() -> None:
    """Start to measure the largest memory anew, where the system can (Linux)."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return


def _peak_bytes() -> int:
    """Return the largest resident memory since `_forget_peak`; 0 where the system does not tell."""
    try:
        status = _STATUS.read_text()
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _open_files() -> int:
    """Return the number of open files, without sockets and pipes; 0 where the system does not tell.

    GDAL keeps a zip archive open, until the process ends, when a member that it has begun to read is broken. PROJ keeps
    its database open. Those are not counted.
    """
    found = 0
    for link in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # that of the list itself
            name = os.readlink(link)
            found += name.startswith("/") and not name.removesuffix(" (deleted)").endswith(_KEPT_BY_GDAL)
    return found
