import threading

import pytest

from rs_srgan.inference.pipeline import AROUND, overlapped


def test_every_part_goes_through_in_order():
    log = []
    done = list(overlapped(range(1, 20), lambda p: p * 10, lambda r: r + 1, lambda p, c: log.append((p, c))))
    assert done == list(range(1, 20))
    assert log == [(part, part * 10 + 1) for part in range(1, 20)]


def test_no_parts_are_no_work():
    assert not list(overlapped([], _never, _never, _never))


def _never(*_):
    raise AssertionError("there was nothing to do")


def test_the_stages_overlap():
    """Computing the first part waits until the second is read, forever without overlap."""
    second_read = threading.Event()

    def read(part):
        if part == "second":
            second_read.set()
        return part

    def compute(part):
        assert second_read.wait(60)
        return part

    assert list(overlapped(["first", "second"], read, compute, lambda *_: None)) == ["first", "second"]


def test_workers_compute_at_the_same_time_in_order():
    """The first two parts wait for each other."""
    meeting = threading.Barrier(2)
    written = []

    def compute(part):
        if part < 2:
            meeting.wait(60)
        return part

    list(overlapped(range(20), lambda p: p, compute, lambda p, c: written.append((p, c)), workers=2))
    assert written == [(part, part) for part in range(20)]


def test_few_parts_are_read_in_advance():
    read = []
    work = overlapped(range(1, 100), lambda p: read.append(p) or p, lambda r: r, lambda *_: None)
    next(work)
    assert len(read) <= AROUND + 2
    work.close()
    assert len(read) <= AROUND + 2


@pytest.mark.parametrize("stage", ["read", "compute", "write"])
def test_error_of_a_stage_is_raised_and_stops_the_work(stage):
    written = []

    def fail_at_five(name):
        def step(part, value=None):
            if name == stage and part == 5:
                raise OSError("the fifth")
            if name == "write":
                written.append(part)
            return part

        return step

    with pytest.raises(OSError, match="the fifth"):
        list(overlapped(range(1, 100), *map(fail_at_five, ("read", "compute", "write")), workers=2))
    assert written == [1, 2, 3, 4]  # no gap: a resumed run begins after the last
