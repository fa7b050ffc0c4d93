"""The package `openvino`, imported without its telemetry. Import it from here.

OpenVINO reports every import and conversion to Google, from a forked process that can hang and keep this process from
ending. It goes without if the package `openvino_telemetry` is missing, which it looks for while it is imported.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TELEMETRY = "openvino_telemetry"


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Make `import package` fail within the block, unless the package is imported already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # Python's own way to block an import
    try:
        yield
    finally:
        del sys.modules[package]


with _hidden(_TELEMETRY):
    import openvino

__all__ = ["openvino"]
