"""Documentation of functions whose keywords are the options of a prediction."""

import dataclasses
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rs_srgan.inference.options import PredictOptions, describe

Function = TypeVar("Function", bound=Callable[..., object])

_WIDTH = 120


def _entry(field: "dataclasses.Field[Any]") -> str:
    """Return the entry of a field below `Args:`."""
    text = f"{field.name}: {describe(field)}."
    return textwrap.fill(text, _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 12)


def with_documented_options(function: Function) -> Function:
    """Complete the signature and the docstring of a function whose keywords are options.

    The line of the docstring that begins with `**keywords` is replaced by one entry for each option.
    """
    fields = dataclasses.fields(PredictOptions)
    entries = "".join(f"{_entry(field)}\n" for field in fields)
    if function.__doc__:  # there is none with python -OO
        lines = function.__doc__.splitlines(keepends=True)
        function.__doc__ = "".join(entries if line.lstrip().startswith("**keywords") else line for line in lines)
    own = [each for each in inspect.signature(function).parameters.values() if each.kind is not each.VAR_KEYWORD]
    options = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in fields
    ]
    function.__signature__ = inspect.Signature([*own, *options], return_annotation=Path)  # type: ignore[attr-defined]
    return function
