import logging
import os
import warnings

import pytest

from rs_srgan import InputError
from torture.fuzz.attempt import attempt


def _warn(path):
    warnings.warn("odd", RuntimeWarning, stacklevel=1)


def _log(path):
    try:
        path.read_text()
    except UnicodeDecodeError:
        logging.getLogger("rs_srgan").exception("broken")


def _print(path):
    os.write(2, b"ERROR 1: from C")


def _print_what_nobody_can_take(path):
    os.write(2, b"Warning 1: from GDAL\n_tiffSeekProc: Invalid argument.\nError: Key of a GeoTIFF\n")


def _refuse(path):
    raise InputError(f"{path.name} is broken. Repair it.")


def _leave_open(path):
    _leave_open.file = path.open()


class Made:
    """A reader that does what it is told."""

    def __init__(self, read):
        self.read = read

    def write(self, random, folder):
        path = folder / "input.bin"
        path.write_bytes(b"\xff" + random.randbytes(8))
        return path


def _say_much(path):
    error = InputError("")
    error.args = ("A" * 2001,)
    raise error


@pytest.mark.parametrize(
    ("read", "failure"),
    [
        (lambda path: None, ""),
        (_refuse, ""),
        (_say_much, "message too long"),
        (lambda path: path.read_text(encoding="utf-8"), "UnicodeDecodeError"),
        (_warn, "Python warning"),
        (_log, "logged traceback"),
        (_print, "printed by a library"),
        (_print_what_nobody_can_take, ""),
        (_leave_open, "files left open"),
    ],
)
def test_what_a_reader_does_is_judged(tmp_path, read, failure):
    outcome = attempt(Made(read), "made", 1, 5, tmp_path / "input")
    assert outcome.number == 5 and outcome.failure.startswith(failure) and bool(outcome.failure) == bool(failure)
    assert outcome.refused == (read in (_refuse, _say_much))
    if read is _leave_open:
        _leave_open.file.close()


def test_an_input_is_made_anew_with_the_same_bytes(tmp_path):
    found = []
    for _ in range(2):
        attempt(Made(lambda path: found.append(path.read_bytes())), "made", 1, 5, tmp_path / "input")
    assert found[0] == found[1]
