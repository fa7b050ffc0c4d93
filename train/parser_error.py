"""Messages of the command line's parser in one line, with the name that was probably meant."""

import difflib
import inspect
import pydoc
import re
from typing import Any

import lightning as L

# Lines of jsonargparse about the structure of a value, which repeat what the other lines say.
_STRUCTURE = ("Does not validate", "Subtypes:", "Errors:", "Expected a <class 'NoneType'>", "Given value")


def one_line(message: str) -> str:
    """Return a message of jsonargparse as one line, with the nearest known name if an option is unknown."""
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    line = " ".join(each for each in lines if each and not each.startswith(_STRUCTURE))
    return line + _hint(line)


def _hint(line: str) -> str:
    if re.search(r'"reflectance_(mean|std)": .*value: fit$', line):
        return ". To measure it, set reflectance_mean: fit beside config, not in it."
    wrong = re.search(r"Expected a typing\.Literal\[(.*?)\]\. Got value: (\w+)", line)
    if wrong:
        near = difflib.get_close_matches(wrong[2], re.findall(r"'(\w+)'", wrong[1]), n=1)
        return f". Did you mean {near[0]!r}?" if near else ""
    unknown = re.search(r"option '(?:\w+\.)*(\w+)'", line, re.IGNORECASE)
    if not unknown:
        return ""
    paths = re.findall(r"class_path '([\w.]+)'", line)
    owner: Any = pydoc.locate(paths[-1]) if paths else L.Trainer
    known = {name for each in owner.__mro__ for name in inspect.signature(each.__init__).parameters}
    near = difflib.get_close_matches(unknown[1], known, n=1)
    return f". Did you mean {near[0]!r}?" if near else ""
