"""Attempts: checks of numbers, and their row in the table."""

import time
from collections.abc import Callable, Iterable

from torture.deadline import NEVER, Deadline
from torture.row import Row


def check_all(subject: str, checks: Iterable[tuple[str, Callable[[], str]]], until: Deadline = NEVER) -> Row:
    """Make checks, and return their row.

    Args:
        subject: what is checked.
        checks: name of each check, and a function that returns what is wrong, or nothing.
        until: after it no check begins.
    """
    begun, tried, planned, found = time.monotonic(), 0, 0, []
    for name, check in checks:
        planned += 1
        if until.has_passed:
            continue
        tried += 1
        try:
            fault = check()
        except Exception as error:  # a crash is a failure, too
            fault = f"{type(error).__name__}: {error}"
        if fault:
            found.append(f"{name}: {fault}")
    return Row("numbers", subject, tried, tried - len(found), tuple(found), time.monotonic() - begun, planned)
