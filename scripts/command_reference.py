"""The reference of the command line in Markdown, made from the parsers: python -m scripts.command_reference."""

import argparse
import sys

from app.__main__ import make_parser as app_parser
from rs_srgan.cli.main import full_parser

_INTRODUCTION = """\
# Command line reference

This page is made from the parsers of the programs. [The command line](../cli.md) explains exit codes, messages and
files that stay behind.
"""


class _Wide(argparse.HelpFormatter):
    """A formatter whose width does not depend on the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=90)


def command_reference() -> str:
    """Return the page: one section for each command, with its usage and a table of its arguments."""
    parser = full_parser()
    parts = [_INTRODUCTION, _section(parser, 2)]
    parts += [_section(command, 2) for command in subcommands(parser).values()]
    parts.append(_section(app_parser(), 2))
    return "\n".join(parts)


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of a program's commands, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Return the words of all options of a parser, for example -o and --output."""
    return {word for action in parser._actions for word in action.option_strings}


def _section(parser: argparse.ArgumentParser, level: int) -> str:
    rows = [_row(action) for action in parser._actions if action.help is not argparse.SUPPRESS]
    parser.formatter_class = _Wide
    usage = parser.format_usage().removeprefix("usage: ").rstrip()
    table = "\n".join(["| argument | meaning |", "| --- | --- |", *rows])
    return f"{'#' * level} {parser.prog}\n\n```text\n{usage}\n```\n\n{table}\n"


def _row(action: argparse.Action) -> str:
    """Return the row of one argument: its words with its value, and its help."""
    if isinstance(action, argparse._SubParsersAction):
        words = "COMMAND"
        text = "; ".join(f"`{each.dest}`: {each.help}" for each in action._choices_actions)
    else:
        value = _value(action)
        words = ", ".join(action.option_strings) + (f" {value}" if action.option_strings and value else "")
        words = words or value
        formatter = argparse.HelpFormatter("")
        text = formatter._expand_help(action) if action.help else ""
    escaped = [part.replace("|", "\\|").replace("<", "&lt;") for part in (words, text)]
    return f"| `{escaped[0]}` | {escaped[1]} |"


def _value(action: argparse.Action) -> str:
    """Return what stands for an argument's value, empty for switches."""
    if action.nargs == 0:
        return ""
    default = action.dest if not action.option_strings else action.dest.upper()
    formatter = argparse.HelpFormatter("")
    return formatter._format_args(action, default)


if __name__ == "__main__":
    sys.stdout.write(command_reference())
