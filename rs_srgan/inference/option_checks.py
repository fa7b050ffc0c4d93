"""Checks of option values: each returns the value in its plain form, or raises InputError with what was expected."""

import math
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rs_srgan.errors import InputError
from rs_srgan.reading.stated import NO_NODATA

# Takes the option's name and the value.
Check = Callable[[str, Any], object]


def whole(low: int, high: int, unit: int = 1) -> Check:
    """Return a check for whole numbers from `low` to `high` that are multiples of `unit`."""
    multiple = f"a multiple of {unit}, " if unit > 1 else ""

    def check(name: str, value: object) -> int:
        try:
            plain = operator.index(value)  # type: ignore[arg-type]  # raises TypeError for other values
        except TypeError:
            raise InputError(f"{name} is {value!r}; expected a whole number.") from None
        if not low <= plain <= high or plain % unit:
            raise InputError(f"{name} is {plain}; expected {multiple}{low} to {high}.")
        return plain

    return check


def number(low: float = -math.inf, high: float = math.inf, expected: str = "a number") -> Check:
    """Return a check for finite numbers from `low` to `high`."""

    def check(name: str, value: Any) -> float:  # noqa: ANN401
        try:
            plain = math.nan if isinstance(value, str | bytes) else float(value)
        except (TypeError, ValueError):
            plain = math.nan
        if not math.isfinite(plain) or not low <= plain <= high:
            raise InputError(f"{name} is {value!r}; expected {expected}.")
        return plain

    return check


def one_of(*choices: str) -> Check:
    """Return a check for one of a few words."""

    def check(name: str, value: object) -> object:
        if value not in choices:
            raise InputError(f"{name} is {value!r}; expected one of {', '.join(choices)}.")
        return value

    return check


def flag(name: str, value: object) -> bool:
    """Check True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name} is {value!r}; expected True or False.")
    return value


def path(name: str, value: object) -> object:
    """Check the name of a file."""
    if not isinstance(value, str | Path):
        raise InputError(f"{name} is {value!r}; expected the name of a file.")
    return value


def paths(name: str, value: object) -> tuple[object, ...]:
    """Check names of files, or a single one."""
    if isinstance(value, str | Path):
        return (value,)
    if not isinstance(value, Sequence):
        raise InputError(f"{name} is {value!r}; expected names of files.")
    return tuple(path(name, each) for each in value)


def index_or_path(name: str, value: object) -> object:
    """Check an index, or the name of a file."""
    return value if isinstance(value, str | Path) else whole(0, 10**6)(name, value)


def box(name: str, value: Any) -> tuple[float, ...]:  # noqa: ANN401
    """Check west, south, east and north; `find_region` checks that they lie on the Earth."""
    try:
        west, south, east, north = map(float, () if isinstance(value, str) else value)
    except (TypeError, ValueError):
        given = " ".join(repr(value).split())
        raise InputError(f"{name} is {given}; expected four numbers: west south east north.") from None
    return west, south, east, north


def number_or_auto(text: str) -> float | None:
    """Return the number that a word of the command line stands for, None for "auto"."""
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{text!r} is neither auto nor a number") from None


def fraction(text: str) -> float:
    """Return the number that a word of the command line stands for: 0.0001, or 1/10000."""
    above, stroke, below = text.partition("/")
    try:
        return float(above) / float(below if stroke else 1)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{text!r} is neither a number nor a fraction like 1/65535") from None


def number_or_none(name: str, value: object) -> object:
    """Check a finite number, or the word none."""
    return value if value == NO_NODATA else number(expected="a number, or none")(name, value)


def parse_number_or_none(text: str) -> float | str:
    """Return the number that a word of the command line stands for, or the word none."""
    if text == NO_NODATA:
        return text
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{text!r} is neither none nor a number") from None


def names(name: str, value: object) -> tuple[str, ...]:
    """Check names of bands, in a sequence or in one text with commas."""
    plain = split_names(value) if isinstance(value, str) else value
    if not isinstance(plain, Sequence) or not plain or not all(isinstance(each, str) and each for each in plain):
        raise InputError(f"{name} is {value!r}; expected names of bands, for example B02,B03,B04,B08.")
    return tuple(plain)


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a text with commas."""
    return tuple(each.strip() for each in text.split(","))
