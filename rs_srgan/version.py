"""The version: the package metadata and the tags of every output are made from it."""

__version__ = "0.1.0"
