"""What a run came from, so that it can be done again: seed, data, revision, versions, configuration."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning as L

_PACKAGES = ("rs_srgan", "torch", "lightning", "numpy", "rasterio")


def provenance(trainer: L.Trainer) -> dict[str, Any]:
    """Of a run that has begun."""
    seed = os.environ.get("PL_GLOBAL_SEED")  # where Lightning keeps it
    files = getattr(trainer.datamodule, "files", None)  # type: ignore[attr-defined]
    return {
        "seed": int(seed) if seed else None,
        "data": manifest_hash(files()) if files else None,
        "revision": revision(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }


def manifest_hash(files: Iterable[Path]) -> str:
    """SHA-256 of the names and contents of files, whatever their order and the folder that they lie in."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: (path.parent.name, path.name)):
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def revision() -> str | None:
    """The commit of this checkout, "-dirty" where files differ from it; None where there is none."""

    def git(*arguments: str) -> str:
        folder = Path(__file__).parent
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", ".", "../rs_srgan")
        return git("rev-parse", "HEAD").strip() + ("-dirty" if changed.strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return None
