import multiprocessing
import threading

import pytest

from rs_srgan import Cancelled, InputError
from rs_srgan.progress.cancel import check_cancel, stop_if


@pytest.mark.parametrize("kind", [threading.Event, multiprocessing.Event])
def test_an_event_cancels_when_it_is_set(kind):
    event = kind()
    check_cancel(event)
    stop_if(event)
    event.set()
    with pytest.raises(Cancelled):
        stop_if(event)


def test_a_function_cancels_when_it_returns_true():
    stop_if(None)
    stop_if(lambda: False)
    with pytest.raises(Cancelled):
        stop_if(lambda: True)


@pytest.mark.parametrize("wrong", [True, 5.0, "stop"])
def test_anything_else_is_refused(wrong):
    with pytest.raises(InputError, match="Event"):
        check_cancel(wrong)
