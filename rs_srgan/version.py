"""The version, written here once: the package metadata and every output file's tags read it."""

__version__ = "0.1.0"
