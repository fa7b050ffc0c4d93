"""The processes that open uploads: what they can do, and what becomes of an upload that ends one."""

import pytest

from app.sandbox.process import ALLOWED_DRIVERS, Sandbox, machine_bytes, worker_bytes
from app.sandbox.reader import Readers
from rs_srgan import InputError
from tests.app import probes


@pytest.fixture(scope="module")
def readers():
    readers = Readers(processes=1, memory=1_000_000_000)
    yield readers
    readers.close()


def test_a_reader_has_the_allowed_drivers_and_no_other(readers):
    assert readers.ask("x", probes.drivers) == ALLOWED_DRIVERS


def test_a_worker_has_the_allowed_drivers_and_no_other():
    sandbox = Sandbox("tests.app.probes:answer_drivers", memory=1_000_000_000)
    assert sandbox.connection.recv()[0] == ALLOWED_DRIVERS
    sandbox.close()


def test_this_process_has_more_so_that_the_settings_are_what_counts():
    assert {"VRT", "WMS", "HTTP"} <= probes.drivers()


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (probes.fill_memory, "memory"),
        (probes.spin, "took more than 1 seconds"),
        (probes.crash, "ended"),
        (probes.fail, "log"),
    ],
)
def test_an_upload_that_ends_the_process_costs_one_answer(readers, probe, words):
    with pytest.raises(InputError, match=words):
        readers.ask("a.tif", probe, seconds=10 if probe is probes.fill_memory else 1)
    assert readers.ask("b.tif", probes.sleep, 0.0) == 0.0


def test_what_went_wrong_is_in_the_servers_log(readers, caplog):
    with pytest.raises(InputError):
        readers.ask("a.tif", probes.fail)
    assert "nobody expects this" in caplog.text


def test_it_writes_no_file(readers, tmp_path):
    assert "too large" in readers.ask("x", probes.write, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b""


def test_workers_share_the_memory_of_the_machine():
    assert worker_bytes(2) == worker_bytes(1) // 2 < machine_bytes() / 2
