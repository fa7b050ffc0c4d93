"""A short attack on one reader, in this process."""

import pytest

from torture.fuzz.attempt import attempt
from torture.fuzz.reader import make_reader

SEED = 7


@pytest.fixture
def survives(tmp_path):
    """Return a function that attacks a reader and returns how many inputs it refused; every failure is an error."""

    def attack(name, inputs=25):
        reader = make_reader(name, tmp_path / "templates")
        outcomes = [attempt(reader, name, SEED, number, tmp_path / "input") for number in range(inputs)]
        assert [outcome for outcome in outcomes if outcome.failure] == []
        return sum(outcome.refused for outcome in outcomes)

    return attack
