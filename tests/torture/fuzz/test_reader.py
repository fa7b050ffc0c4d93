from importlib.util import find_spec

import pytest

from torture.fuzz.reader import READERS, Wrong, nothing_appears, random_for


def test_the_choices_of_an_input_depend_on_seed_reader_and_number_alone():
    def first(*what):
        return random_for(*what).random()

    assert first(1, "zip", 2) == first(1, "zip", 2)
    assert len({first(1, "zip", 2), first(2, "zip", 2), first(1, "NPY", 2), first(1, "zip", 3)}) == 4


def test_every_reader_has_its_module():
    assert all(find_spec(f"torture.fuzz.readers.{module}") for module in READERS.values())


def test_a_file_that_an_error_leaves_is_noticed(tmp_path):
    target = tmp_path / "a.tif"

    def fail(before):
        with nothing_appears(target):
            before()
            raise KeyError

    with pytest.raises(KeyError):
        fail(lambda: None)
    with pytest.raises(Wrong, match="KeyError"):
        fail(target.touch)
