"""Help of `python -m train fit`: the options of Lightning, then those of the classes that the request chooses."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypedDict

import yaml

from rs_srgan.errors import InputError

_COMMANDS = ("fit", "validate")
_HELP = ("-h", "--help")
_CONFIG = ("-c", "--config")
# Classes of finetune.yaml, for a request that chooses none.
_USUAL = {"model": "train.module.SISRModule", "data": "train.data.pairs.PairFolderDataModule"}


class _Part(TypedDict, total=False):
    class_path: str


def wants_help(arguments: Sequence[str]) -> bool:
    """Return whether a request asks for the options of a command of Lightning."""
    return bool(arguments) and arguments[0] in _COMMANDS and any(each in _HELP for each in arguments)


def show(arguments: Sequence[str], run: Callable[[Sequence[str]], None]) -> None:
    """Print the options of Lightning, and those of the stage and the data module of a request.

    Args:
        arguments: the request.
        run: function that runs a command line of Lightning, which ends with SystemExit after it printed help.

    Raises:
        InputError: a configuration file cannot be read.
    """
    chosen = chosen_classes(arguments)
    requests = [[arguments[0], "--help"]]
    requests += [[arguments[0], f"--{part}.help", path] for part, path in (_USUAL | chosen).items()]
    for request in requests:
        try:
            run(request)
        except SystemExit as end:
            if end.code:
                raise
    if not chosen:
        sys.stdout.write(
            "\nThe request chooses no classes, so the options of those of finetune.yaml are shown. To see others, name "
            f"them: python -m train {arguments[0]} --config F.yaml --help, or --model CLASS_PATH --data CLASS_PATH.\n"
        )


def chosen_classes(arguments: Sequence[str]) -> dict[str, str]:
    """Return the class paths that a request chooses, by "model" and "data"; the last choice counts.

    Raises:
        InputError: a configuration file cannot be read.
    """
    chosen: dict[str, str] = {}
    for name, value in _options(arguments):
        if name in _CONFIG:
            chosen |= _of_file(Path(value))
        elif name.removeprefix("--").removesuffix(".class_path") in _USUAL:
            chosen[name.removeprefix("--").removesuffix(".class_path")] = value
    return chosen


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield names and values of options, given as `--name value` or as `--name=value`."""
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if equals:
            yield name, value
        elif argument.startswith("-") and index + 1 < len(arguments):
            yield argument, arguments[index + 1]


def _of_file(path: Path) -> dict[str, str]:
    try:
        content: dict[str, _Part] = dict(yaml.safe_load(path.read_text(encoding="utf-8")))
        named = {part: content[part] for part in _USUAL if part in content}
        return {part: each["class_path"] for part, each in named.items() if "class_path" in each}
    except (OSError, yaml.YAMLError, TypeError, ValueError):
        raise InputError(f"The configuration {path} cannot be read; expected a YAML file of model and data.") from None
