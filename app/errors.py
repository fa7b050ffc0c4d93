"""Errors of the app, and their text as visitors may read it."""

import re

from rs_srgan.errors import InputError

# Labels of the fields that stand for options of the command line, by option.
FIELDS = {
    "--band-names": "Order of the bands",
    "--scale": "DN scale",
    "--offset": "DN offset",
    "--nodata": "NoData value",
    "--soften": "Blur the image first",
}
# Where a field is that not every form has.
_PLACES = {"--soften": " in the tab Patch"}
# Options that only the command line has.
_COMMANDS = {"--stack": "rs-srgan predict --stack", "--max-days": "rs-srgan predict --max-days"}
# Of other programs, for example rio, options stay.
_OPTION = re.compile(rf"(?<!edit-info )({'|'.join((*FIELDS, *_COMMANDS))})(?: \(soften\))?(?![\w-])")
# The folders before a file name. Visitors must not learn where files are on the server.
_FOLDERS = re.compile(r"(?<![\w<])(?:/vsi\w+/)?/(?:[^\s/'\"]+/)+")


class Gone(InputError):
    """A job or a product that the server does not have, or no longer has."""


def for_people(text: Exception | str) -> str:
    """Return an error or a warning without the server's folders, with fields of the page in place of options."""
    return _told(text, {option: f"“{label}”{_PLACES.get(option, '')}" for option, label in FIELDS.items()})


def for_programs(text: Exception | str) -> str:
    """Return an error or a warning without the server's folders, with arguments of endpoints in place of options."""
    return _told(text, {option: option.strip("-").replace("-", "_") for option in FIELDS})


def _told(text: Exception | str, names: dict[str, str]) -> str:
    own = names | _COMMANDS
    return _OPTION.sub(lambda found: own[found[1]], _FOLDERS.sub("", str(text)))
