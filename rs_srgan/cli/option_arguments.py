"""Arguments of the command line that are made from the fields of `PredictOptions`."""

import argparse
import dataclasses
from collections.abc import Callable
from typing import Any

from rs_srgan.errors import InputError
from rs_srgan.inference.options import PredictOptions, describe, flag_of, option_of

# Options that state how an image is read. They are the same for all commands that have them.
READING_OPTIONS = ("sensor", "offset", "scale", "nodata", "band_names")


def add_option(parser: argparse.ArgumentParser, name: str, note: str = "") -> None:
    """Add the argument of one option.

    Args:
        parser: the command's parser.
        name: the option's name.
        note: more help, which holds for the command line only.
    """
    field = next(each for each in dataclasses.fields(PredictOptions) if each.name == name)
    help_text = describe(field).replace("%", "%%") + note
    if field.default is False:
        parser.add_argument(flag_of(name), action="store_true", help=help_text)
        return
    option = option_of(field)
    facts: dict[str, Any] = {"choices": option.choices, "metavar": option.metavar, "nargs": option.nargs}
    parser.add_argument(flag_of(name), default=field.default, type=_worded(option.parse), help=help_text, **facts)


def _worded(parse: Callable[[str], object]) -> Callable[[str], object]:
    """Return `parse` with errors in the words of InputError."""

    def worded(text: str) -> object:
        try:
            return parse(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    worded.__name__ = parse.__name__  # argparse names the type of a wrong word
    return worded


def chosen_options(options: argparse.Namespace) -> PredictOptions:
    """Return the options that the command line sets.

    Raises:
        InputError: a value that its option does not allow.
    """
    return PredictOptions(**{each.name: getattr(options, each.name) for each in dataclasses.fields(PredictOptions)})
