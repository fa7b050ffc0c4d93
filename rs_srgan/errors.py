"""Errors of requests that rs_srgan cannot fulfil."""

from importlib.util import find_spec


class InputError(ValueError):
    """A file, an array, a name or an option that cannot be used.

    Its message is for people: the wrong value, the expected one, and the remedy. The command line prints the message
    and exits with 2; the app shows it in a box. All other errors keep their own exception and traceback.
    """


class ReadError(InputError):
    """Pixels of the input that could not be read in the middle of a run.

    The disk or the network may be back later, so the finished part of the result is kept, unlike after any other
    InputError.
    """


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
