"""The reference of models' and training's configurations in Markdown: python -m scripts.configuration_reference."""

import dataclasses
import inspect
import itertools
import re
import sys
from pathlib import Path

from rs_srgan.inference.options import PredictOptions, flag_of, option_of
from rs_srgan.models.config import MISRConfig, SISRConfig

ROOT = Path(__file__).parents[1]
_INTRODUCTION = """\
# Configuration

This page is made from the code and from the files in `train/configs/`.

## Options of a prediction

`super_resolve` takes them as keywords or as `PredictOptions`, and `rs-srgan predict` as arguments.

{options}
## A model

A model's `config.json` holds the fields of its configuration, the name of its class and a format version. In Python the
fields are the keywords of `SISRConfig` and `MISRConfig`. A value that is out of range is an error that names the field.
"""
_TRAINING = """\
## Training

A file of `train/configs/` is a configuration of Lightning's command line: `model`, `data` and `trainer`. Every key can
be given on the command line, too, and an unknown key is an error that names the nearest known key.
`python -m train fit --help` lists all keys; [training](../training.md) explains them.

| file | trains |
| --- | --- |
"""


def configuration_reference() -> str:
    """Return the page: tables of the fields of both configurations, and the list of the files of training."""
    own = {field.name for field in dataclasses.fields(SISRConfig)}
    parts = [_INTRODUCTION.format(options=_options()), _fields("Of one image: SISRConfig", SISRConfig, set())]
    parts += [_fields("Of several revisits: MISRConfig, the fields above and these", MISRConfig, own)]
    files = sorted((ROOT / "train" / "configs").glob("*.yaml"))
    rows = [f"| `{path.name}` | {_first_comment(path)} |" for path in files]
    return "\n".join([*parts, _TRAINING + "\n".join(rows) + "\n"])


def _options() -> str:
    """Return the table of the options of a prediction."""
    rows = [
        f"| `{field.name}` | `{flag_of(field.name)}` | `{field.default!r}` | {option_of(field).help} |"
        for field in dataclasses.fields(PredictOptions)
    ]
    header = ["| keyword | argument | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([*header, *rows, ""])


def _fields(title: str, config: type[SISRConfig], known: set[str]) -> str:
    """Return the table of a configuration's fields, without those that are known, with the comments of the source."""
    comments = dict(re.findall(r"^    (\w+): .*?  # (.*)$", inspect.getsource(config), re.M))
    rows = [
        f"| `{field.name}` | `{field.default!r}` | {comments.get(field.name, '')} |"
        for field in dataclasses.fields(config)
        if field.name not in known
    ]
    return "\n".join([f"### {title}", "", "| field | default | meaning |", "| --- | --- | --- |", *rows, ""])


def _first_comment(path: Path) -> str:
    """Return the comment that a YAML file begins with, up to the end of its first sentence."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = " ".join(line.removeprefix("#").strip() for line in itertools.takewhile(_is_comment, lines))
    return re.split(r"[.:](?:\s|$)", comment)[0].replace("|", "\\|")


def _is_comment(line: str) -> bool:
    return line.startswith("#")


if __name__ == "__main__":
    sys.stdout.write(configuration_reference())
