"""Model classes by the name that config.json gives."""

from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.models.config_file import read_model_class
from rs_srgan.models.misr import MISR
from rs_srgan.models.sisr import SISR

_CLASSES: dict[str, type[SISR] | type[MISR]] = {"SISR": SISR, "MISR": MISR}


def find_model_class(path: Path) -> type[SISR] | type[MISR]:
    """Return the class that a config.json names.

    Raises:
        InputError: the file describes no model, or the class is unknown.
    """
    name = read_model_class(path)
    if name not in _CLASSES:
        raise InputError(
            f"{path} describes a {name!r}; expected one of {', '.join(_CLASSES)}. Load it with the class that "
            "saved it, by from_pretrained, or upgrade: pip install -U rs_srgan."
        )
    return _CLASSES[name]
