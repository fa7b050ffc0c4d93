"""Errors as visitors may see them."""

import re

# The folders before a name: where things lie on the server is no visitor's business.
_FOLDERS = re.compile(r"(?<![\w<])(?:/vsi\w+/)?/(?:[^\s/'\"]+/)+")


def for_people(error: Exception) -> str:
    """What an error says, without the server's folders."""
    return _FOLDERS.sub("", str(error))
