"""`rs-srgan --print-completion SHELL`: print the script that completes commands and options with the Tab key."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

PRINT_COMPLETION = "--print-completion"
SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def add_completion(parser: argparse.ArgumentParser) -> None:
    """Add the option that prints the script. The script is static: a shell asks no program at each press of Tab."""
    parser.add_argument(
        PRINT_COMPLETION,
        action=_Print,
        choices=SHELLS,
        help="print a script that completes commands with the Tab key",
    )


class _Print(argparse.Action):
    """Prints the script for a shell, made from the parser, and exits."""

    def __call__(
        self, parser: argparse.ArgumentParser, _: argparse.Namespace, values: str | Sequence[Any] | None, *__: object
    ) -> None:
        import shtab

        sys.stdout.write(f"{shtab.complete(parser, str(values))}\n")
        parser.exit()
