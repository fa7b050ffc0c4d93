"""Dates in the names of files."""

import re
from datetime import date

_DATE = re.compile(r"(?<!\d)(20\d\d|19\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")


def date_in(name: str) -> date | None:
    """Return the first date in a file's name, 20230810 or 2023-08-10; None without one."""
    for found in _DATE.finditer(name):
        try:
            return date(*map(int, found.groups()))
        except ValueError:  # digits in the form of a date that do not exist in the calendar
            continue
    return None
