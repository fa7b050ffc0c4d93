from datetime import date, datetime

import pytest

from rs_srgan import InputError
from rs_srgan.catalogues.days import find_days


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        ("2024-06-01/2024-08-31", (date(2024, 6, 1), date(2024, 8, 31))),
        ("2024-07-14", (date(2024, 7, 14), date(2024, 7, 14))),
        ("2024-02", (date(2024, 2, 1), date(2024, 2, 29))),
        ("2024-06/2024-07", (date(2024, 6, 1), date(2024, 7, 31))),
        (date(2024, 7, 14), (date(2024, 7, 14), date(2024, 7, 14))),
        ((datetime(2024, 7, 14, 9), "2024-07-15"), (date(2024, 7, 14), date(2024, 7, 15))),
    ],
)
def test_a_range_has_a_first_and_a_last_day(dates, days):
    assert find_days(dates) == days


@pytest.mark.parametrize(
    "dates", ["", "yesterday", "2024-13", "2024-02-30", "2024-00", "2024-01-01/2024-02-01/2024-03-01", None, 7, ()]
)
def test_what_is_no_date_is_refused(dates):
    with pytest.raises(InputError, match="expected"):
        find_days(dates)


def test_reversed_dates_are_refused_with_the_right_order():
    with pytest.raises(InputError, match="2024-06-01/2024-08-31"):
        find_days("2024-08-31/2024-06-01")
