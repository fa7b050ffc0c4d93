"""`Reader`: makes inputs of one format and reads them as users do; and the list of all readers."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Protocol

# The modules of the readers, by their name in the table. Each has a function `make_reader(workspace)`. The quick ones
# come first: what they leave of the time, the slow ones get.
READERS = {
    "batch lists": "batch_list",
    "NPY": "npy",
    "config.json": "model_config",
    "GeoTIFF": "geotiff",
    "GeoJSON": "area",
    "safetensors": "weights",
    "JPEG 2000": "jpeg2000",
    "STAC": "stac",
    "resume notes": "resume",
    "SAFE XML": "safe_xml",
    "zip": "archive",
    "training YAML": "training",
}


class Wrong(Exception):
    """An answer that breaks a promise although the reader raised no error."""


class Reader(Protocol):
    """A format under attack."""

    def write(self, random: Random, folder: Path) -> Path:
        """Write one broken input into an empty folder and return the path to read. All choices come from `random`."""

    def read(self, path: Path) -> None:
        """Read the input by the way that users have.

        Raises:
            InputError: the input was refused, as it should be.
            Wrong: the input was read and something is wrong with the result.
        """


def make_reader(name: str, workspace: Path) -> Reader:
    """Return a reader.

    Args:
        name: a key of `READERS`.
        workspace: folder for its templates.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    made: Reader = import_module(f"torture.fuzz.readers.{READERS[name]}").make_reader(workspace)
    return made


def random_for(seed: int, name: str, number: int) -> Random:
    """Return the source of all choices of one input."""
    return Random(f"{seed} {name} {number}")


@contextmanager
def nothing_appears(target: Path) -> Iterator[None]:
    """Check that a target that did not exist does not exist after an error.

    Raises:
        Wrong: the block failed and left a file with the final name.
    """
    try:
        yield
    except Exception as error:
        if target.exists():
            raise Wrong(f"{target.suffix} file under its final name after {type(error).__name__}") from error
        raise
