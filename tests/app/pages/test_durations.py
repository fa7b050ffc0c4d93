import pytest

from app.pages.durations import time_range


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (0.1, "1 s"), (20, "13 s to 30 s"), (100, "67 s to 2 min"), (3600, "40 min to 1.5 h")],
)
def test_an_estimate_is_a_range(seconds, text):
    assert time_range(seconds) == text
