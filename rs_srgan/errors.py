"""The errors that mean: the request cannot be met as it stands."""

from importlib.util import find_spec


class InputError(ValueError):
    """A file, an array, a name or an option that cannot be used.

    Its message is for people: what was wrong (with the value), what was expected, what to do. The command line prints
    it and exits with 2; the app shows it in a box. Anything else that goes wrong keeps its own exception and traceback.
    """


class ReadError(InputError):
    """Pixels of the input that could not be read when it was their turn.

    A disk or a network may be back later: so what was done until then is kept, unlike after any other InputError.
    """


def require_extra(package: str, what: str, extra: str = "evaluate") -> None:
    """Check that an optional package is installed, before any work is done.

    Raises:
        InputError: it is not.
    """
    if find_spec(package) is None:
        raise InputError(f"{what} need {package}, which is not installed: pip install rs_srgan[{extra}].")
