"""What some things need beyond the package's own dependencies."""

from importlib.util import find_spec

from rs_srgan.errors import InputError


def require_extra(package: str, what: str, extra: str = "evaluate") -> None:
    """Check that an optional package is installed, before any work is done.

    Raises:
        InputError: it is not.
    """
    if find_spec(package) is None:
        raise InputError(f"{what} need {package}, which is not installed: pip install rs_srgan[{extra}].")
