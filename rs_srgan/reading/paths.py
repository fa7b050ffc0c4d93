"""Paths and addresses of inputs."""

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from rs_srgan.errors import InputError, shown


def existing(path: str | Path) -> Path:
    """Return the absolute path of an existing file or folder.

    The path is made absolute because GDAL reads a relative path like "zip:a.tif" as an address.

    Raises:
        InputError: nothing exists at `path`, it cannot be accessed, or GDAL could not read the name.
    """
    if not str(path).strip():
        raise InputError("The name of an input is empty; expected the path of an image or a product. Name one.")
    if "\0" in str(path):
        raise InputError(f"The name {str(path)!r} holds a NUL, which no name can. Correct it.")
    try:
        str(path).encode()
        if not Path(path).exists():
            raise InputError(f"{path} does not exist.")
    except UnicodeEncodeError:
        raise InputError(f"The name {os.fsencode(path)!r} is no UTF-8, which GDAL needs. Rename it.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    return Path(path).absolute()


def split_address(address: str) -> SplitResult:
    """Return the parts of an address; a path has no scheme.

    Raises:
        InputError: the address is invalid, for example by a bracket that is not closed.
    """
    try:
        return urlsplit(address)
    except ValueError as error:
        raise InputError(f"The address {shown(address)} is invalid ({error}). Correct it.") from None
