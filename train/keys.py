"""Looking at the keys of a request before it is carried out: a slip of the pen gets one line, with what was meant."""

import dataclasses
import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import lightning as L
import yaml

from rs_srgan.errors import InputError

_CLASS = ("class_path", "init_args", "dict_kwargs")
_TOP = ("seed_everything", "trainer", "model", "data", "optimizer", "lr_scheduler", "ckpt_path", "weights_only")


def check_keys(arguments: Sequence[str], own: Sequence[str]) -> None:
    """Check all keys in the configuration files and options of a command line of Lightning's.

    Args:
        arguments: of the command, such as `fit --config F.yaml --model.learning_rate 1e-4`.
        own: top-level options beside Lightning's.

    Raises:
        InputError: a file that cannot be read, or a key that nothing takes, with the nearest that is taken.
    """
    request: dict[str, Any] = {}
    for name, value in _options(arguments):
        if name == "config":
            _merge(request, _read(Path(value)))
    for name, value in _options(arguments):
        nested: Any = value
        if name in ("model", "data") and _is_class(value):
            request.pop(name, None)  # another class than that of the files, whose arguments it does not have
            nested = {"class_path": value}
        for part in reversed(name.split(".")):
            nested = {part: nested}
        _merge(request, nested)
    known = {*_TOP, *own, "config", "help", "print_config"}
    for key, value in request.items():
        _require(key, known, "the configuration")
        if key == "trainer":
            _check(L.Trainer.__init__, value, "trainer")
        elif key in ("model", "data") and isinstance(value, Mapping):
            _check_class(value, key)


def _options(arguments: Sequence[str]) -> list[tuple[str, str]]:
    """Names and values of `--name=value` and `--name value`."""
    found = []
    for index, argument in enumerate(arguments):
        if argument.startswith(("--", "-c")) and argument not in ("-", "--"):
            name, equals, value = argument.lstrip("-").partition("=")
            name = name.removesuffix("+")  # jsonargparse's way to append to a list
            following = arguments[index + 1] if index + 1 < len(arguments) else ""
            found.append(("config" if name == "c" else name, value if equals else following))
    return found


def _is_class(value: str) -> bool:
    return all(part.isidentifier() for part in value.split(".")) and "." in value


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no configuration; see train/configs for some.")
    return content


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def find_class(path: str, where: str) -> type[Any]:
    """The class of a `class_path`.

    Raises:
        InputError: there is none.
    """
    module, _, name = path.rpartition(".")
    try:
        kind: type[Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise InputError(f"{where}.class_path is {path!r}; expected a class such as train.gan.GANModule.") from None
    return kind


def _check_class(value: Mapping[str, Any], where: str) -> None:
    kind = find_class(str(value.get("class_path") or ""), where)
    short = {key: each for key, each in value.items() if key not in (*_CLASS, "help")}
    _check(kind.__init__, {**(value.get("init_args") or {}), **short}, where)


def _check(kind: Callable[..., Any], value: Any, where: str) -> None:  # noqa: ANN401
    """The keys of `value`, a mapping, against what a function or dataclass takes."""
    if not isinstance(value, Mapping):
        return
    parameters = inspect.signature(kind).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    hints = get_type_hints(kind)
    for key, each in value.items():
        _require(str(key), {name for name in parameters if name != "self"}, where)
        for candidate in (hints.get(key), *get_args(hints.get(key))):
            if isinstance(candidate, type) and dataclasses.is_dataclass(candidate):
                _check(candidate, each, f"{where}.{key}")


def _require(key: str, known: set[str], where: str) -> None:
    if key not in known:
        raise InputError(f"Unknown key {key!r} in {where}; {_nearest(key, known)}")


def check_command(command: str, known: set[str]) -> None:
    """Check the first word of a command line.

    Raises:
        InputError: not among those known, with the nearest that is.
    """
    if command not in known:
        raise InputError(f"Unknown command {command!r}; {_nearest(command, known)}")


def _nearest(word: str, known: set[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}."
