"""Check that docstrings of functions begin with a verb: python scripts/check_docstrings.py [PATH ...].

A first word such as "Of", "That" or "What" makes a riddle of the sentence. Prints each offender and the share of them;
exits with 1 if there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOTS = ("rs_srgan", "app", "train", "benchmarks", "scripts")
# Pronouns, prepositions and conjunctions.
FORBIDDEN = frozenset(
    {
        "of",
        "that",
        "this",
        "these",
        "those",
        "it",
        "its",
        "what",
        "which",
        "who",
        "whose",
        "how",
        "by",
        "in",
        "as",
        "whether",
        "where",
        "when",
        "while",
        "with",
        "without",
        "from",
        "to",
        "on",
        "at",
        "such",
        "into",
        "between",
        "until",
        "for",
        "if",
        "also",
        "all",
        "every",
        "each",
        "one",
        "some",
        "more",
    }
)
ARTICLES = frozenset({"a", "an", "the"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_property(node: Function) -> bool:
    """Return whether a function is a property, which may be described as the thing that it is."""
    names = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in node.decorator_list}
    return bool(names & {"property", "cached_property"})


def documented(path: Path) -> Iterator[tuple[Function, str]]:
    """Yield the functions of a file that have a docstring, with its first line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function) and (text := (ast.get_docstring(node) or "").strip()):
            yield node, text.splitlines()[0]


def begins_badly(node: Function, line: str) -> bool:
    """Return whether the first word is no verb, nor the name of a thing if the function is a property."""
    first = line.split()[0].strip(",.:;`'\"").lower()
    if line.lower().startswith("the same"):  # as what?
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
