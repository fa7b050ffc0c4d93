"""about.toml: the texts that the maker of a model writes for its card."""

import difflib
import json
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from rs_srgan.errors import InputError

ABOUT_FILE = "about.toml"

_HEADER = "# Texts of the model's card. Fill them in, then write the card again: rs-srgan card FOLDER\n"
_MEANINGS = {
    "name": "on the Hub",
    "license": "of the weights; see https://huggingface.co/docs/hub/repositories-licenses for the names",
    "summary": "what the model makes from which images, and for whom",
    "training": "how it was trained",
    "data": "the training data and their licences",
    "limits": "where the model fails",
}


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
        tags: further tags of the card.
    """

    name: str = ""
    license: str = ""
    base_model: str = ""
    summary: str = ""
    training: str = ""
    data: str = ""
    limits: str = ""
    tags: tuple[str, ...] = ()

    def over(self, other: "About") -> "About":
        """Return these texts, and the other ones where these are empty; the tags of both."""
        values = {key: value or getattr(other, key) for key, value in asdict(self).items()}
        return About(**values | {"tags": tuple(dict.fromkeys((*other.tags, *self.tags)))})

    def named(self, name: str) -> "About":
        """Return these texts with another name."""
        return replace(self, name=name)


def read_about(folder: Path) -> About:
    """Read about.toml of a model's folder; without that file, all texts are empty.

    Raises:
        InputError: the file is not TOML, has an unknown key, or a value is not text.
    """
    path = folder / ABOUT_FILE
    return parse_about(path.read_bytes(), str(path)) if path.is_file() else About()


def parse_about(content: bytes, where: str) -> About:
    """Read the content of about.toml.

    Args:
        content: the file's bytes.
        where: name of the file in error messages.

    Raises:
        InputError: see `read_about`.
    """
    try:
        values = tomllib.loads(content.decode())
    except ValueError as error:
        raise InputError(f"{where} is not TOML ({error}).") from None
    known = [each.name for each in fields(About)]
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}."
            raise InputError(f"{where} has an unknown key {key!r}; {hint}")
        if key == "tags":
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise InputError(f"{where}: tags is {value!r:.60}; expected a list of texts in quotes.")
            values[key] = tuple(value)
        elif not isinstance(value, str):
            raise InputError(f"{where}: {key} is {value!r:.60}; expected text in quotes.")
    return About(**values)


def format_about(about: About) -> str:
    """Return the content of about.toml, with a comment for every text that is to be filled in."""
    lines = [_HEADER]
    for key, value in asdict(about).items():
        if value or key in _MEANINGS:
            meaning = f"  # {_MEANINGS[key]}" if not value or key == "name" else ""
            # strings and lists of JSON are those of TOML, except for one control character
            text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
            lines.append(f"{key} = {text}{meaning}\n")
    return "".join(lines)
