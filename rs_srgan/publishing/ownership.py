"""Check that a repository holds no model of another library before a push replaces it."""

import json
from pathlib import PurePosixPath

from rs_srgan.errors import InputError
from rs_srgan.hub.files import CONFIG_FILE, PICKLE_SUFFIXES
from rs_srgan.hub.repository import Repository

_MODEL_SUFFIXES = (".safetensors", ".onnx", ".gguf", ".h5", ".msgpack", ".tflite", ".mlmodel", *PICKLE_SUFFIXES)


def refuse_foreign_model(there: Repository) -> None:
    """Check that a repository is new, empty of models, or holds a model of rs_srgan.

    Raises:
        InputError: it holds a model of another library.
    """
    files = [name for name in there.hashes if PurePosixPath(name).suffix in _MODEL_SUFFIXES or name == CONFIG_FILE]
    if files and not _is_ours(there.read(CONFIG_FILE)):
        raise InputError(
            f"{there.id} holds a model of another library ({', '.join(files[:3])}). Give another repository, or "
            "replace it (force=True, --force)."
        )


def _is_ours(config: bytes | None) -> bool:
    try:
        content = json.loads(config or b"")
    except ValueError:
        return False
    return isinstance(content, dict) and {"model_class", "format_version"} <= content.keys()
