"""Errors that mean that a request cannot be met."""

from pathlib import Path

import pytest

from rs_srgan.errors import Cancelled, InputError, ReadError, one_line, require_extra, require_path, shown


def test_an_error_of_reading_is_an_error_of_the_input():
    assert issubclass(ReadError, InputError) and issubclass(InputError, ValueError)


def test_a_cancelled_run_is_no_error_of_the_input():
    assert not issubclass(Cancelled, InputError)


def test_a_path_is_a_string_or_a_path():
    assert require_path("It", "a") == require_path("It", Path("a")) == Path("a")
    for wrong in (None, 5, "", ["a"]):
        with pytest.raises(InputError, match="path"):
            require_path("It", wrong)


def test_a_value_is_shown_in_one_line():
    assert shown(" a") == "' a'"
    assert shown([list(range(20))] * 20).count("\n") == 0 and len(shown("a" * 500)) == 80


@pytest.mark.parametrize("hostile", ["a\nb", "\x1b[31m", "\u202egnp", "\ud800", "\0", "A" * 100_000, "\x1b" * 5000])
def test_a_message_is_one_line_that_a_terminal_can_show(hostile):
    message = str(InputError(f"image {hostile} is wrong. Do this."))
    assert message.isprintable() and len(message) <= 2000
    assert message.startswith("image ") and message.endswith(" is wrong. Do this.")
    assert one_line("été 北京.tif") == "été 北京.tif"


def test_an_extra_that_is_missing_is_named_with_its_command():
    require_extra("numpy", "Arrays")
    with pytest.raises(InputError, match=r"rs_srgan\[export\]"):
        require_extra("a_package_that_nobody_has", "ONNX files", extra="export")
