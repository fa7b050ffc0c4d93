import os
import signal

from torture.fuzz.watchdog import Watched


def test_a_worker_that_crashes_is_named_its_input_kept_and_another_one_started(tmp_path):
    """The reader of GeoJSON starts fastest. A signal from outside ends the process as a crash would."""
    with Watched("GeoJSON", 7, tmp_path, seconds=60) as worker:
        assert worker.attempt(0).failure == "" and not list(tmp_path.iterdir())
        os.kill(worker.pid, signal.SIGSEGV)
        assert worker.attempt(1).failure == "crash: SIGSEGV"
        assert [path.name for path in tmp_path.iterdir()] == ["GeoJSON_seed_7_input_1"]
        assert worker.attempt(2).failure == ""


def test_a_worker_that_hangs_twice_is_ended(tmp_path):
    with Watched("GeoJSON", 7, tmp_path, seconds=0) as worker:
        assert worker.attempt(0).failure.startswith("hang")
        assert worker.pid == 0
