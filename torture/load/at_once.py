"""Calls at the same time, of which those that do not end are left behind at a deadline."""

from collections.abc import Callable, Sequence
from threading import Thread

from torture.deadline import Deadline


def make_at_once(
    calls: Sequence[Callable[[], None]], until: Deadline, meanwhile: Callable[[], None] | None = None
) -> int:
    """Make all calls at the same time, and return how many of them have not ended at a deadline: they are left behind.

    Args:
        calls: the calls.
        until: the deadline.
        meanwhile: is called again and again until then.
    """
    errors: list[Exception] = []

    def make(call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # of the test itself; what a request raises is in its tally
            errors.append(error)

    threads = [Thread(target=make, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    while not until.has_passed and (alive := [thread for thread in threads if thread.is_alive()]):
        if meanwhile is None:
            alive[0].join(min(until.left, 1.0))
        else:
            meanwhile()
    if errors:
        raise errors[0]
    return sum(thread.is_alive() for thread in threads)
