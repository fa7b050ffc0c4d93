"""Errors of the app, and their text as visitors may read it."""

import re

from rs_srgan.errors import InputError

# The folders before a file name. Visitors must not learn where files are on the server.
_FOLDERS = re.compile(r"(?<![\w<])(?:/vsi\w+/)?/(?:[^\s/'\"]+/)+")


class Gone(InputError):
    """A job or a product that the server does not have, or no longer has."""


def for_people(error: Exception) -> str:
    """Return the text of an error without the server's folders."""
    return _FOLDERS.sub("", str(error))
