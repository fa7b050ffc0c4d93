"""Check that docstrings of functions begin with a verb: python scripts/check_docstrings.py [PATH ...].

A sentence that begins with "Of", "That" or "What" is hard to read. The command prints each docstring that begins so and
their number, and exits with 1 if there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOTS = ("rs_srgan", "app", "train", "benchmarks", "torture", "scripts")
FORBIDDEN = frozenset(
    {
        # pronouns
        *("that", "this", "these", "those", "it", "its", "what", "which", "who"),
        *("whose", "such", "all", "every", "each", "one", "some", "more"),
        # prepositions
        *("of", "by", "in", "with", "without", "from", "to", "on", "at"),
        *("into", "between", "until", "for"),
        # conjunctions and adverbs
        *("as", "whether", "where", "when", "while", "if", "how", "also"),
    }
)
ARTICLES = frozenset({"a", "an", "the"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_property(node: Function) -> bool:
    """Return whether a function is a property. A property's docstring may name the value instead."""
    names = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in node.decorator_list}
    return bool(names & {"property", "cached_property"})


def documented(path: Path) -> Iterator[tuple[Function, str]]:
    """Yield the functions of a file that have a docstring, with its first line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function) and (text := (ast.get_docstring(node) or "").strip()):
            yield node, text.splitlines()[0]


def begins_badly(node: Function, line: str) -> bool:
    """Return whether the first word is neither a verb nor, for a property, the name of a value."""
    first = line.split()[0].strip(",.:;`'\"").lower()
    if line.lower().startswith("the same"):  # unclear: the same as which other?
        return True
    return first in FORBIDDEN or (first in ARTICLES and not is_property(node))


def main() -> int:
    """Check the files below the given paths; return the exit code."""
    roots = [Path(each) for each in sys.argv[1:] or ROOTS]
    files = sorted(file for root in roots for file in (root.rglob("*.py") if root.is_dir() else [root]))
    count, offenders = 0, []
    for file in files:
        for node, line in documented(file):
            count += 1
            if begins_badly(node, line):
                offenders.append(f"{file}:{node.lineno} {node.name}: {line}")
    sys.stdout.write("\n".join([*offenders, f"{len(offenders)} of {count} docstrings begin with no verb."]) + "\n")
    return 1 if offenders else 0


if __name__ == "__main__":
    sys.exit(main())
