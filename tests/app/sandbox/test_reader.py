"""The processes that read uploads, and uploads that end them."""

from pathlib import Path

import pytest

from app.sandbox.process import ALLOWED_DRIVERS
from app.sandbox.reader import Readers
from rs_srgan import InputError
from tests.app import probes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def readers(folder):
    readers = Readers([folder], processes=1, memory=1_000_000_000)
    yield readers
    readers.close()


def test_a_reader_has_the_allowed_drivers_only(readers):
    assert readers.ask("x", probes.drivers) == ALLOWED_DRIVERS


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (probes.fill_memory, "memory"),
        (probes.spin, "seconds"),
        (probes.crash, "crashed"),
        (probes.fail, "log"),
    ],
)
def test_an_upload_that_ends_the_process_costs_one_answer(readers, probe, words):
    with pytest.raises(InputError, match=words):
        readers.ask("a.tif", probe, seconds=10 if probe is probes.fill_memory else 1)
    assert readers.ask("b.tif", probes.answer, 1) == 1


def test_the_clock_ends_a_call_before_the_limit_of_cpu_time(readers):
    assert 5 < readers.ask("x", probes.cpu_seconds_left, seconds=1) < 15


def test_an_unexpected_error_is_logged(readers, caplog):
    with pytest.raises(InputError):
        readers.ask("a.tif", probes.fail)
    assert "nobody expects this" in caplog.text


def test_a_reader_writes_no_files(readers, folder):
    assert readers.ask("x", probes.write, folder / "w") != "written"
    assert not (folder / "w").exists()


def test_it_reads_the_folders_of_uploads_and_no_other(readers, folder, tmp_path):
    for where in (folder, tmp_path):
        (where / "a").write_bytes(b"secret")
    if "secret" in readers.ask("x", probes.read, tmp_path / "a"):
        pytest.skip("this system has no Landlock")
    assert readers.ask("x", probes.read, folder / "a") == "secret"


def test_it_cannot_open_what_the_server_has_open(readers):
    assert "secret" not in readers.ask("x", probes.read, Path("/proc/self/fd/0"))


def test_visitors_do_not_wait_for_busy_readers_for_ever(folder, monkeypatch):
    monkeypatch.setattr("app.sandbox.reader.PATIENCE_SECONDS", 0.01)
    with pytest.raises(InputError, match="busy"):
        Readers([folder], processes=0).ask("a.tif", probes.spin)
