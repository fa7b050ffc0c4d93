"""Dates in the names of files, and the names without them."""

import re
from datetime import date

_DATE = re.compile(r"(?<!\d)(20\d\d|19\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")
# Text before a year or a date that is a word of its own.
_BEFORE_DATE = re.compile(r"(.+?)[_-]+(?:19|20)\d\d(?:-?[01]\d-?[0-3]\d)?(?=[_T-]|$)")


def date_in(name: str) -> date | None:
    """Return the first date in a file's name, 20230810 or 2023-08-10; None without one."""
    for found in _DATE.finditer(name):
        try:
            return date(*map(int, found.groups()))
        except ValueError:  # digits in the form of a date that do not exist in the calendar
            continue
    return None


def before_date(name: str) -> str:
    """Return the part of a name before a year or a date: "place0" for "place0_2021"; all of it without one."""
    dated = _BEFORE_DATE.match(name)
    return dated[1] if dated else name
