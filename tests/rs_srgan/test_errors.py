"""Errors that mean that a request cannot be met."""

import pytest

from rs_srgan.errors import InputError, ReadError, require_extra


def test_an_error_of_reading_is_an_error_of_the_input():
    assert issubclass(ReadError, InputError) and issubclass(InputError, ValueError)


def test_an_extra_that_is_missing_is_named_with_its_command():
    require_extra("numpy", "Arrays")
    with pytest.raises(InputError, match=r"rs_srgan\[export\]"):
        require_extra("a_package_that_nobody_has", "ONNX files", extra="export")
