"""What a process with few rights may say to the server.

Processes exchange pickles, and a pickle can name any function to be called. If a file took over a reading process, its
next answer would run in the server. Therefore the server accepts only data: plain values, and classes that hold data.
"""

import dataclasses
import io
import pickle
from multiprocessing.connection import Connection

# A quicklook and its metadata have less than one.
_MOST_BYTES = 50_000_000
_OWN = ("app", "rs_srgan")
_FOREIGN = frozenset(
    {
        ("affine", "Affine"),
        ("affine.affine", "Affine"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("pathlib", "PosixPath"),
        ("rasterio.crs", "CRS"),
    }
)


class Suspicious(Exception):
    """A message that names something else than data."""


class _Data(pickle.Unpickler):
    """Makes plain values, data classes and errors of this project, and what `_FOREIGN` lists."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _FOREIGN:
            return super().find_class(module, name)
        if module.partition(".")[0] in _OWN and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and (dataclasses.is_dataclass(found) or issubclass(found, Exception)):
                return found
        raise Suspicious(f"{module}.{name}")


def receive(connection: Connection) -> object:
    """Return the next message of a process.

    Raises:
        Suspicious: it is more than data.
        EOFError: the process has ended.
        OSError: it is too large.
    """
    message = connection.recv_bytes(_MOST_BYTES)
    try:
        return _Data(io.BytesIO(message)).load()  # harmless: see above
    except (pickle.UnpicklingError, AttributeError, ImportError, IndexError, TypeError, ValueError) as error:
        raise Suspicious(str(error)) from None
