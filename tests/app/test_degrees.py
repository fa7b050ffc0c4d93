import pytest

from app.degrees import degrees_in_words


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [(10.9, 46.4, "46.40° N 10.90° E"), (-70.25, -33.004, "33.00° S 70.25° W"), (0, 0, "0.00° N 0.00° E")],
)
def test_places_have_their_directions(lon, lat, words):
    assert degrees_in_words(lon, lat, 2) == words
