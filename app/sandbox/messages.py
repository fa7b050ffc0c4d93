"""What a process with few rights may say to the server.

Processes exchange pickles, and a pickle can name any function to be called. If a file took over a reading process, its
next answer would run in the server. Therefore the server accepts only data: plain values, and classes that hold data.
"""

import dataclasses
import io
import pickle
from multiprocessing.connection import Connection
from typing import Any, ClassVar

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


_InPython: Any = pickle._Unpickler  # unlike the one in C, its steps can be replaced


class _Data(_InPython):  # type: ignore[misc]
    """Makes plain values, data classes and errors of this project, and what `_FOREIGN` lists."""

    dispatch: ClassVar = dict(_InPython.dispatch)

    def load_build(self) -> None:
        """Set the attributes of an object. A message could otherwise set those of a class, for the whole server."""
        if isinstance(self.stack[-2], type):
            raise Suspicious(f"attributes for {self.stack[-2]}")
        super().load_build()

    dispatch[pickle.BUILD[0]] = load_build

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
    except Suspicious:
        raise
    except Exception as error:  # whatever a bad message leads to
        raise Suspicious(str(error)) from None
