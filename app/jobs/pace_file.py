"""The file that keeps the pace of a server, so that its estimates are as good after a restart as before."""

import json
import logging
import os
from contextlib import suppress
from pathlib import Path

from huggingface_hub import cached_assets_path

from app.jobs.pace import Pace
from rs_srgan.version import __version__

logger = logging.getLogger(__name__)

# More than a server learns: a larger file is not ours.
_MOST_BYTES = 1_000_000


def default_file() -> Path | None:
    """Return the file in Hugging Face's cache; None if that folder cannot be used."""
    try:
        return cached_assets_path("rs_srgan", namespace="app", subfolder="pace") / "pace.json"
    except Exception:  # whatever it is, the server begins without it
        return None


def read_pace(path: Path | None) -> Pace:
    """Return the pace in a file, or a new one if there is none for this version and this number of cores."""
    try:
        if path is not None and path.stat().st_size <= _MOST_BYTES:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["of"] == _of():
                keys = [(str(name), str(group), str(kind)) for name, group, kind in content["keys"]]
                return Pace(keys, content["factors"], content["covariance"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        logger.warning("%s cannot be used, so times are estimated anew: %s", path, error)
    return Pace()


def write_pace(pace: Pace, path: Path | None) -> None:
    """Write the pace into a file, whole or not at all. A folder that cannot be written is no error."""
    if path is None:
        return
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        learned = {"keys": pace.keys, "factors": pace.factors.tolist(), "covariance": pace.covariance.tolist()}
        part.write_text(json.dumps({"of": _of(), **learned}), encoding="utf-8")
        part.replace(path)


def _of() -> dict[str, str | int]:
    """Return what the learned factors belong to: their parts change with the version."""
    return {"version": __version__, "cores": os.cpu_count() or 1}
