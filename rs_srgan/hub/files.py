"""Files of a model's folder, by name, and the hashes that the Hub gives for them."""

import hashlib
import re
from pathlib import Path

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
PICKLE_SUFFIXES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle")

COMMIT = re.compile(r"[0-9a-f]{40}")
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def has_hash(path: Path, expected: str) -> bool:
    """Return whether a file has the hash that the Hub gives: SHA-256 of a large file, Git's SHA-1 of a small one."""
    with path.open("rb") as file:
        if len(expected) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
        content = file.read()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == expected


def describe_missing(where: str, filename: str, present: list[str]) -> str:
    """Return an error message for a folder or repository without an expected file.

    Args:
        where: name of the folder or repository.
        filename: the missing file.
        present: names of the files that are there.
    """
    pickles = sorted(name for name in present if name.endswith(PICKLE_SUFFIXES))
    if pickles and WEIGHTS_FILE not in present:
        return (
            f"{where} holds {pickles[0]}, a pickle, which can run any code when opened. "
            f"Expected {WEIGHTS_FILE}: save the model with save_pretrained()."
        )
    return f"{where} has no {filename}; expected the files that save_pretrained() writes. Save the model again."
