"""Ranges of days: what people write, as first and last day."""

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime

from rs_srgan.errors import InputError

Days = tuple[date, date]
_MONTH = re.compile(r"(\d{4})-(\d\d)")


def find_days(dates: "str | date | Sequence[str | date]") -> Days:
    """Return the first and the last day of a range.

    Args:
        dates: "2024-06-01/2024-08-31", one day, a month ("2024-06"), a `date`, or a pair of them.

    Raises:
        InputError: no dates, or the last one is before the first.
    """
    parts: list[str | date]
    if isinstance(dates, str):
        parts = list(dates.split("/"))
    elif isinstance(dates, date):
        parts = [dates]
    else:
        parts = list(dates) if isinstance(dates, Sequence) else []
    if len(parts) not in (1, 2):
        raise _no_dates(dates)
    first, last = _bounds(parts[0], dates)[0], _bounds(parts[-1], dates)[1]
    if first > last:
        raise InputError(f"The dates {first} to {last} are reversed; expected the first day first: {last}/{first}.")
    return first, last


def _bounds(value: object, dates: object) -> Days:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value, value
    text = str(value).strip()
    try:
        if month := _MONTH.fullmatch(text):
            year, number = int(month[1]), int(month[2])
            return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])
        day = date.fromisoformat(text)
    except (ValueError, calendar.IllegalMonthError):
        raise _no_dates(dates) from None
    return day, day


def _no_dates(dates: object) -> InputError:
    return InputError(f"The dates are {dates!r:.60}; expected 2024-06-01/2024-08-31, 2024-07-14 or 2024-07.")
