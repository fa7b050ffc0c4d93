"""about.toml: the texts that the maker of a model writes for its card."""

import difflib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from rs_srgan.errors import InputError

ABOUT_FILE = "about.toml"


@dataclass(frozen=True)
class About:
    """The content of about.toml; empty for texts that it does not have.

    Attributes:
        name: the model's name on the Hub, `organisation/name`.
        license: the licence of the weights, by its name on the Hub.
        base_model: the model that training started from, by a name that `load_model` takes.
        summary: what the model makes from which images, and for whom.
        training: how the model was trained.
        data: the training data with their licences.
        limits: where the model fails.
    """

    name: str = ""
    license: str = ""
    base_model: str = ""
    summary: str = ""
    training: str = ""
    data: str = ""
    limits: str = ""


def read_about(folder: Path) -> About:
    """Read about.toml of a model's folder; without that file, all texts are empty.

    Raises:
        InputError: the file is not TOML, has an unknown key, or a value is not text.
    """
    path = folder / ABOUT_FILE
    if not path.is_file():
        return About()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not TOML ({error}).") from None
    known = [each.name for each in fields(About)]
    for key, value in content.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}."
            raise InputError(f"{path} has an unknown key {key!r}; {hint}")
        if not isinstance(value, str):
            raise InputError(f"{path}: {key} is {value!r:.60}; expected text in quotes.")
    return About(**content)
