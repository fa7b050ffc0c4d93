import dataclasses
import inspect

import pytest

from rs_srgan import super_resolve
from rs_srgan.inference.option_docs import with_documented_options
from rs_srgan.inference.options import PredictOptions, describe, option_of

FIELDS = dataclasses.fields(PredictOptions)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_option_is_a_keyword_of_super_resolve_with_its_help(field):
    assert not option_of(field).help.endswith(".")
    assert inspect.signature(super_resolve).parameters[field.name].default == field.default
    documented = " ".join(super_resolve.__doc__.split())
    assert f" {field.name}: {' '.join(describe(field).split())}." in documented


def test_function_without_a_docstring_stays_without():
    """With python -OO no function has one."""

    def function(**keywords):
        return keywords

    assert with_documented_options(function)(tile=3) == {"tile": 3}
    assert function.__doc__ is None
