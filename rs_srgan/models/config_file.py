"""config.json of a model's folder: its format, written and read strictly.

Format 4 stores whether a model can run in int8; before, none could. Format 3 stores what the generator adds to; before,
that was bicubic. Format 2 stores the sensor and the constants of the projection. Format 1 lacks them; its folders are
for Sentinel-2 and load with the constants that rs_srgan computed all of them with. To give another constant, add its
key to config.json of format 1: `"sharpen_limit": 0.15` makes a folder compute as before the limit was lowered to 0.12.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, TypeVar

from rs_srgan.errors import InputError
from rs_srgan.models.config import SISRConfig

_Config = TypeVar("_Config", bound=SISRConfig)

FORMAT_VERSION = 4  # raise it when an older rs_srgan can no longer read the folder
# Fields that older formats lack, with their values of that time. Never change them: they are part of old folders.
ABSENT_IN_FORMAT_3: dict[str, Any] = {"quantized": False}
ABSENT_IN_FORMAT_2: dict[str, Any] = {**ABSENT_IN_FORMAT_3, "adds_to": "bicubic"}
ABSENT_IN_FORMAT_1: dict[str, Any] = {
    **ABSENT_IN_FORMAT_2,
    "sensor": "sentinel2",
    "sharpen_limit": 0.12,
    "sharpen_reach_lr_px": 3,
    "psf_width_lr_px": 5,
    "largest_offset_lr_px": 0.6,
}
_HEADER = ("model_class", "format_version")


def write_config(path: Path, model_class: str, config: SISRConfig) -> None:
    """Write config.json in the current format.

    Args:
        path: the file.
        model_class: name of the model's class.
        config: the model's configuration.
    """
    content = {"model_class": model_class, "format_version": FORMAT_VERSION, **vars(config)}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_model_class(path: Path) -> str:
    """Read the name of the model's class from config.json.

    Raises:
        InputError: see `read_config`.
    """
    return str(_read(path)["model_class"])


def read_config(path: Path, kind: type[_Config]) -> _Config:
    """Read a configuration of the class `kind` from config.json, every field of it.

    Raises:
        InputError: the file is not JSON, describes no model, has a newer format, or `from_dict` refuses its content.
    """
    content = _read(path)
    values = {key: value for key, value in content.items() if key not in _HEADER}
    absent = {1: ABSENT_IN_FORMAT_1, 2: ABSENT_IN_FORMAT_2, 3: ABSENT_IN_FORMAT_3}.get(content["format_version"], {})
    fields = {field.name for field in dataclasses.fields(kind)}
    values = {key: value for key, value in absent.items() if key in fields} | values
    try:
        return kind.from_dict(values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON ({error}). Download or save the model again.") from None
    if not isinstance(content, dict) or not set(_HEADER) <= content.keys():
        raise InputError(
            f"{path} does not describe an rs_srgan model: it lacks model_class or format_version. "
            "Expected a file that save_pretrained() wrote."
        )
    version = content["format_version"]
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        newer = type(version) is int and version > FORMAT_VERSION
        remedy = "Upgrade: pip install -U rs_srgan." if newer else "Save the model again."
        raise InputError(f"{path} has format version {version!r}; this rs_srgan reads 1 to {FORMAT_VERSION}. {remedy}")
    return content
