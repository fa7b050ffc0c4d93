"""Provenance of a run, to repeat it: seed, data, revision of the code, versions of the packages."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning as L

from rs_srgan.hub.names import is_local
from train.data.module import SRDataModule

_PACKAGES = ("rs_srgan", "torch", "lightning", "numpy", "rasterio")


def provenance(trainer: L.Trainer) -> dict[str, Any]:
    """Return the provenance of a run that has started."""
    seed = os.environ.get("PL_GLOBAL_SEED")  # set by Lightning
    data = trainer.datamodule  # type: ignore[attr-defined]
    files = data.files() if isinstance(data, SRDataModule) else []
    return {
        "seed": int(seed) if seed else None,
        "data": manifest_hash(files) if files else None,
        "revision": revision(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }


def manifest_hash(files: Iterable[Path]) -> str:
    """Return the SHA-256 of names and contents of files; their order and the path of their folder do not matter."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: (path.parent.name, path.name)):
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def revision(file: Path = Path(__file__)) -> str | None:
    """Return the commit of this checkout, with "-dirty" if files differ from it.

    None outside a checkout: also if an installed wheel lies in the repository of another project, which does not track
    its files.

    Args:
        file: a file of the checkout.
    """

    def git(*arguments: str) -> str:
        run = subprocess.run(["git", *arguments], cwd=file.parent, capture_output=True, text=True, check=True)
        return run.stdout

    try:
        git("ls-files", "--error-unmatch", file.name)
        changed = git("status", "--porcelain", "--untracked-files=no", ".", "../rs_srgan")
        return git("rev-parse", "HEAD").strip() + ("-dirty" if changed.strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def without_folders(name: str) -> str:
    """Return the name of a model; the last part of a path only, because the path is of this machine."""
    return Path(name).name if is_local(name) else name
