"""The command rs-srgan."""

from rs_srgan.cli.main import main

__all__ = ["main"]
