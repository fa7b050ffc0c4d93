import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from rs_srgan.errors import ThreadDied
from rs_srgan.pixels.tile_loop import AROUND, run_tiles
from rs_srgan.pixels.windows import plan_tiles


def tiles(count):
    """Return tiles in a row; the column of a core is the tile's number."""
    return list(plan_tiles(1, count, tile=1, halo=0))


def number(tile):
    return tile.core.col


def test_every_tile_goes_through_in_order():
    log = []
    done = list(run_tiles(tiles(20), number, lambda read: read + 0.5, lambda *written: log.append(written)))
    assert done == tiles(20)
    assert log == [(tile, number(tile) + 0.5) for tile in tiles(20)]


def test_no_tiles_are_no_work():
    assert not list(run_tiles([], never, never, never))


def never(*_):
    raise AssertionError("there was nothing to do")


def test_a_tile_without_data_is_written_and_not_computed():
    log = []
    list(run_tiles(tiles(3), lambda _: None, never, lambda *written: log.append(written)))
    assert log == [(tile, None) for tile in tiles(3)]


def test_the_stages_overlap():
    """Computing the first tile waits until the second is read, forever without overlap."""
    first, second = tiles(2)
    second_read = threading.Event()

    def read(tile):
        if tile == second:
            second_read.set()
        return tile

    def compute(tile):
        assert second_read.wait(60)
        return tile

    assert list(run_tiles([first, second], read, compute, lambda *_: None)) == [first, second]


def test_workers_compute_at_the_same_time_in_order():
    """The first two tiles wait for each other."""
    meeting = threading.Barrier(2)
    written = []

    def compute(read):
        if read < 2:
            meeting.wait(60)
        return read

    list(run_tiles(tiles(20), number, compute, lambda _, computed: written.append(computed), workers=2))
    assert written == list(range(20))


def test_few_tiles_are_read_in_advance():
    read = []
    work = run_tiles(tiles(100), lambda tile: read.append(tile) or tile, lambda tile: tile, lambda *_: None)
    next(work)
    assert len(read) <= AROUND + 2
    work.close()
    assert len(read) <= AROUND + 2


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt, which pytest takes for its own."""


@pytest.mark.parametrize("error", [OSError, MemoryError, Interrupted])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("stage", ["read", "compute", "write"])
def test_error_of_a_stage_is_raised_and_stops_the_work(stage, workers, error):
    written = []

    def fail_at_five(name):
        def step(given, value=None):
            at = given if isinstance(given, int) else number(given)
            if name == stage and at == 5:
                raise error("the fifth")
            if name == "write":
                written.append(at)
            return at

        return step

    before = threading.active_count()
    with pytest.raises(error, match="fifth"):
        list(run_tiles(tiles(100), *map(fail_at_five, ("read", "compute", "write")), workers=workers))
    assert written == [0, 1, 2, 3, 4]  # no gap: a resumed run begins after the last
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_closed_loop_leaves_nothing_running(workers):
    before = threading.active_count()
    log = []
    work = run_tiles(tiles(100), number, lambda read: read, lambda *written: log.append(written), workers)
    next(work)
    work.close()
    assert threading.active_count() == before
    assert [number(tile) for tile, _ in log] == list(range(len(log)))
    assert len(log) < 100


INTERRUPTED = """
import os, signal, threading
from rs_srgan.pixels.tile_loop import run_tiles
from rs_srgan.pixels.windows import plan_tiles

# a shell that starts tests in the background lets them ignore interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
computed, written = [], []

def compute(col):
    computed.append(col)
    if col == 3:
        os.kill(os.getpid(), signal.SIGINT)
    return col

steps = run_tiles(plan_tiles(1, 1000, 1, 0), lambda tile: tile.core.col, compute, lambda _, col: written.append(col))
try:
    for _ in steps:
        pass
except KeyboardInterrupt:
    assert threading.active_count() == 1, threading.enumerate()
    assert written == list(range(len(written))) and len(computed) < 1000
    print("stopped")
"""


def test_interrupt_stops_the_work_and_leaves_nothing_running():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_that_is_forked_during_a_loop_runs_its_own():
    written = []
    with closing(run_tiles(tiles(9), number, lambda read: read, lambda _, computed: written.append(computed))) as work:
        next(work)
        child = os.fork()
        if not child:
            signal.alarm(60)
            own = []
            list(run_tiles(tiles(9), number, lambda read: read, lambda _, computed: own.append(computed)))
            os._exit(0 if own == list(range(9)) else 1)
        assert os.waitpid(child, 0)[1] == 0
        list(work)
    assert written == list(range(9))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("stage", ["read", "compute", "write"])
def test_a_thread_that_dies_between_two_tiles_ends_the_loop_without_a_gap(stage, workers):
    written, threads = [], {}
    all_written = threading.Event()

    def stepping(name):
        def step(given, value=None):
            threads[name] = threading.get_ident()
            at = given if isinstance(given, int) else number(given)
            if name == "write":
                written.append(at)
                if at == workers + AROUND - 1:
                    all_written.set()
            return at

        return step

    before = threading.active_count()
    steps = run_tiles(tiles(10_000), *map(stepping, ("read", "compute", "write")), workers=workers)
    next(steps)
    assert all_written.wait(60)  # then every thread waits for a task, where nothing catches an exception
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threads[stage]), ctypes.py_object(SystemExit))
    with pytest.raises((ThreadDied, SystemExit)):
        list(steps)
    assert written == list(range(len(written)))
    assert len(written) < 10_000
    assert threading.active_count() == before
