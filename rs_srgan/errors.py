"""Errors of requests that rs_srgan cannot fulfil."""

import os
from importlib.util import find_spec
from pathlib import Path

from rs_srgan.addresses import without_secrets

# Lists of bands and options in a message are shorter.
_LONGEST_MESSAGE = 2000
_GAP = " ... "


class InputError(ValueError):
    """A file, an array, a name or an option that cannot be used.

    Its message is for people: the wrong value, the expected one, and the remedy. The command line prints the message
    and exits with 2; the app shows it in a box. All other errors keep their own exception and traceback.

    Addresses in the message lose passwords and signatures. Names and values out of hostile files keep neither line
    breaks nor control characters, and not thousands of characters: the message is one line that a terminal can show.
    """

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(one_line(without_secrets(each)) if isinstance(each, str) else each for each in arguments))


def one_line(text: str) -> str:
    """Return a text in one line: control characters as escapes, and the middle of a very long text left out."""
    text = _without_middle(text)
    if text.isprintable():
        return text
    spaced = "".join(" " if sign in "\n\r\t" else sign for sign in text)
    escaped = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in spaced)
    return _without_middle(escaped)  # an escape is longer than its character


def _without_middle(text: str) -> str:
    """Return a text of at most `_LONGEST_MESSAGE` characters: the beginning names what is wrong, the end the remedy."""
    if len(text) <= _LONGEST_MESSAGE:
        return text
    end = (_LONGEST_MESSAGE - len(_GAP)) // 2
    return f"{text[: _LONGEST_MESSAGE - len(_GAP) - end]}{_GAP}{text[-end:]}"


class ReadError(InputError):
    """Pixels of the input that could not be read in the middle of a run.

    The disk or the network may be back later, so the finished part of the result is kept, unlike after any other
    InputError.
    """


class Cancelled(Exception):
    """A run that its caller cancelled, see `cancel` of `super_resolve` and `predict`.

    It is no `InputError`: the finished part of a file is kept for `resume`.
    """


class ThreadDied(RuntimeError):
    """A thread of a run that ended without an answer: the memory is full, or Python failed. Finished tiles are kept."""


def shown(value: object) -> str:
    """Return a value as Python writes it, for a message: in one line of at most 80 characters."""
    return f"{' '.join(repr(value).split()):.80}"


def require_extra(package: str, what: str, extra: str = "evaluate") -> None:
    """Check that an optional package is installed, before any work is done.

    Args:
        package: name of the module.
        what: plural noun that needs it, for the message.
        extra: name of the extra of rs_srgan that installs it.

    Raises:
        InputError: the package is not installed.
    """
    if find_spec(package) is None:
        raise InputError(f"{what} need {package}, which is not installed: pip install rs_srgan[{extra}].")


def require_path(what: str, value: object) -> Path:
    """Return a path that a user gave as a string or a path.

    Args:
        what: what the path is of, for the message.
        value: what the user gave.

    Raises:
        InputError: it is something else, or empty.
    """
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise InputError(f"{what} is {shown(value)}; expected a path.")
    return Path(value)
