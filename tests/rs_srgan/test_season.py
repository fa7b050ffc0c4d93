from datetime import UTC, date, datetime

import pytest

from rs_srgan.season import days_apart


def test_a_year_later_is_the_same_season():
    assert days_apart(date(2023, 6, 1), date(2024, 6, 1)) < 1
    assert days_apart(date(2023, 6, 1), date(2023, 6, 11)) == days_apart(date(2023, 6, 11), date(2023, 6, 1)) == 10
    assert days_apart(date(2023, 12, 27), date(2024, 1, 6)) == 10
    assert days_apart(date(2023, 12, 27), date(2025, 1, 6)) == pytest.approx(10, abs=1)
    assert days_apart(date(2023, 1, 1), date(2023, 7, 2)) == pytest.approx(182, abs=1)


def test_times_count_like_days():
    assert days_apart(datetime(2024, 6, 1, 10, tzinfo=UTC), datetime(2024, 6, 2, 22, tzinfo=UTC)) == 1.5
