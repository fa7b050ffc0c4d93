import json
import math

import pytest

from rs_srgan import InputError
from rs_srgan.figures.json_value import JsonValue, rounded


@pytest.fixture
def found(tmp_path):
    path = tmp_path / "a.json"
    content = {"name": "moor", "deep": {"count": 3, "levels": [1, None], "on": True, "nothing": None}}
    path.write_text(json.dumps(content))
    return JsonValue.of_file(path)


def test_values_are_read_by_key(found):
    assert found["name"].text() == "moor"
    assert found["deep"]["count"].number() == 3
    assert found["deep"]["on"].flag() is True
    first, second = found["deep"]["levels"].numbers()
    assert first == 1 and math.isnan(second)
    assert found.get("other") is None and found["deep"].get("nothing") is None
    assert [key for key, _ in found.items()] == ["name", "deep"]


@pytest.mark.parametrize(
    ("read", "key"),
    [
        (lambda found: found["deep"]["missing"], "deep.missing"),
        (lambda found: found["deep"]["count"].text(), "deep.count"),
        (lambda found: found["deep"]["on"].number(), "deep.on"),
        (lambda found: found["deep"]["nothing"].number(), "deep.nothing"),
        (lambda found: found["deep"]["count"].numbers(), "deep.count"),
        (lambda found: found["deep"]["levels"].numbers(3), "3 numbers"),
        (lambda found: found["name"].flag(), "true or false"),
        (lambda found: found["name"].text(among=("a", "b")), "one of a, b"),
        (lambda found: found["name"]["x"], "name"),
        (lambda found: found.only(["name"]), "deep"),
    ],
)
def test_an_error_names_the_file_and_the_key_or_the_expectation(found, read, key):
    with pytest.raises(InputError, match=r"a\.json") as caught:
        read(found)
    assert key in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_json_is_refused(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match="JSON"):
        JsonValue.of_file(tmp_path / "a.json")


def test_numbers_are_rounded_and_json_has_no_infinity():
    assert [rounded(each) for each in (0.12345678, 1234567.0, math.inf, math.nan)] == [0.123457, 1234570, None, None]
