import threading

import pytest

from rs_srgan import Cancelled, InputError
from rs_srgan.progress.watch import watching


def test_pixels_are_counted_and_reported():
    states = []
    with watching(states.append, None) as watch:
        watch.total_px = 50
        for pixels in (20, 30):
            watch.add(pixels)
    assert [(state.done_px, state.total_px) for state in states] == [(20, 50), (50, 50)]


def test_a_run_is_cancelled_before_it_begins_between_tiles_but_not_after_the_last():
    cancel = threading.Event()
    with watching(False, cancel) as watch:
        watch.total_px = 3
        watch.add(1)
        cancel.set()
        with pytest.raises(Cancelled):
            watch.add(1)
        watch.add(1)  # complete
    with pytest.raises(Cancelled), watching(False, cancel):
        pytest.fail("the run began")


def test_a_silent_watch_is_cancelled_alike():
    cancel = threading.Event()
    with watching(print, cancel) as watch:
        silent = watch.silent()
        silent.check()
        cancel.set()
        with pytest.raises(Cancelled):
            silent.check()


def test_other_kinds_are_refused():
    for progress, cancel in (("bar", None), (None, 3)):
        with pytest.raises(InputError, match="expected"), watching(progress, cancel):
            pass
