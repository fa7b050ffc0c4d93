import math

import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.inference import option_checks as checks


@pytest.mark.parametrize("value", [16, np.int16(32), 64])
def test_whole_returns_plain_integers(value):
    assert type(checks.whole(16, 64, 16)("size", value)) is int


@pytest.mark.parametrize("value", [8, 80, 24, 32.0, "32", None])
def test_whole_refuses_other_values_with_the_name(value):
    with pytest.raises(InputError, match="size"):
        checks.whole(16, 64, 16)("size", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", None, 2, (1, 2)])
def test_number_refuses_what_is_not_finite_or_out_of_range(value):
    with pytest.raises(InputError, match="share"):
        checks.number(0, 1)("share", value)


def test_paths_may_be_a_single_one(tmp_path):
    assert checks.paths("masks", tmp_path) == (tmp_path,)
    assert checks.paths("masks", ["-", tmp_path]) == ("-", tmp_path)
    with pytest.raises(InputError, match="masks"):
        checks.paths("masks", ["-", 3])


@pytest.mark.parametrize("value", [(1, 2, 3), "1 2 3 4", None, (1, 2, 3, "north")])
def test_box_refuses_other_than_four_numbers(value):
    with pytest.raises(InputError, match="bbox"):
        checks.box("bbox", value)


def test_offset_of_the_command_line_is_a_number_or_auto():
    assert checks.number_or_auto("auto") is None
    assert checks.number_or_auto("-1e3") == -1000
    with pytest.raises(InputError, match="abc"):
        checks.number_or_auto("abc")


@pytest.mark.parametrize(("text", "value"), [("0.0001", 1e-4), ("1/65535", 1 / 65_535), ("1", 1.0)])
def test_a_fraction_is_a_number_or_a_quotient(text, value):
    assert checks.fraction(text) == value


@pytest.mark.parametrize("text", ["", "a", "1/0", "1/2/3", "1/"])
def test_other_fractions_are_refused(text):
    with pytest.raises(InputError, match="fraction"):
        checks.fraction(text)


def test_nodata_is_a_number_or_none():
    assert checks.parse_number_or_none("none") == checks.number_or_none("nodata", "none") == "none"
    assert checks.parse_number_or_none("-9999") == -9999
    with pytest.raises(InputError, match="none"):
        checks.parse_number_or_none("nothing")
    with pytest.raises(InputError, match="none"):
        checks.number_or_none("nodata", float("nan"))


def test_names_come_in_a_sequence_or_with_commas():
    assert checks.names("band_names", "B02, B03,-") == checks.names("band_names", ["B02", "B03", "-"])
    for value in ("", [], "B02,,B03", [2, 3], 7):
        with pytest.raises(InputError, match="band_names"):
            checks.names("band_names", value)
