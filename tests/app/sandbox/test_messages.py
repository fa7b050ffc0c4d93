"""Messages of processes that a file may have taken over."""

import multiprocessing
import os
import pickle
from pathlib import Path

import pytest
from affine import Affine
from rasterio.crs import CRS

from app.jobs.queue import Job
from app.products.quicklook import Contents
from app.sandbox.messages import Suspicious, receive
from rs_srgan.errors import InputError
from rs_srgan.reading.grid import Grid


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def sent(message: bytes) -> object:
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        theirs.send_bytes(message)
        return receive(ours)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [(Grid(2, 3, CRS.from_epsg(32632), Affine(10, 0, 1, 0, -10, 2)), "B04")],
        Contents("MTD.xml", frozenset({"a"}), frozenset()),
        {"path": Path("/a/b"), "bytes": b"x", "numbers": (1, 2.5, True)},
    ],
)
def test_data_arrives(answer):
    assert sent(pickle.dumps(answer)) == answer


def test_an_error_arrives_with_its_words():
    assert str(sent(pickle.dumps(InputError("a.tif is empty")))) == "a.tif is empty"


@pytest.mark.parametrize(
    "message",
    [
        pickle.dumps(Calls(os.mkdir, "made")),
        pickle.dumps([1, Calls(eval, "__import__('os').mkdir('made')")]),
        b"capp.sandbox.process\nos.mkdir\n(S'made'\ntR.",  # a function of a module that one of ours imports
        b"\x80\x04\x8c\x14app.sandbox.process\x8c\x08os.mkdir\x93\x8c\x04made\x85R.",
        b"capp.sandbox.process\nSandbox\n(S'os:getcwd'\ntR.",
        b"crs_srgan.none\nNothing\n.",
        b"capp.jobs.queue\nJob\n(N(dS'has_ended'\nI01\nstb.",  # would change all jobs of the server
        b"cpathlib\nPosixPath\n(N(dS'name'\nS'x'\nstb.",
        b"no pickle",
        b"",
    ],
)
def test_nothing_else_does(message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((Suspicious, EOFError)):
        sent(message)
    assert list(tmp_path.iterdir()) == []
    assert isinstance(Job.has_ended, property) and Path("/a/b").name == "b"
