"""Seasons: how far apart two dates are in the year, and how far apart revisits may be.

Fields change with the season. docs/revisits.md has the measurement behind the limit.
"""

from datetime import date

# Revisits that are farther from the reference, in the season, make a result worse than that of one image.
MOST_DAYS = 30
_YEAR_DAYS = 365.25


def days_apart(one: date, other: date) -> float:
    """Return the days between two dates or times in the season, 0 to 183: a year later is the same season."""
    days = abs((one - other).total_seconds()) / 86_400 % _YEAR_DAYS
    return min(days, _YEAR_DAYS - days)
