"""docs/troubleshooting.md quotes messages that the code has."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = re.findall(r"^\| `(.+?)` \|", PAGE, re.M)
_GAP = "\N{WHITE SQUARE}"  # stands for a value in a message


def as_text(node: ast.expr) -> str | None:
    """Return the text of a string in the code, with gaps for values; None if it is no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"%[-+ .\d]*[sdgfr]", _GAP, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(as_text(part) or _GAP for part in node.values)
    return None


@cache
def texts_in_code() -> tuple[str, ...]:
    files = [path for package in ("rs_srgan", "train", "app") for path in (ROOT / package).rglob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr))
    found = {as_text(node) for node in nodes}
    return tuple(" ".join(text.split()) for text in found if text)


def in_code(message: str) -> bool:
    """Return whether a text of the code holds the message; `...` stands for a value and the words around it."""
    parts = [re.escape(part.strip()) for part in message.split("...") if part.strip()]
    pattern = re.compile(r".*?".join(parts), re.S)
    return any(pattern.search(text) for text in texts_in_code())


def test_the_page_has_messages_of_every_kind():
    assert len(MESSAGES) > 60
    assert len(set(MESSAGES)) == len(MESSAGES)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_code_has_the_message(message):
    assert in_code(message)


@pytest.mark.parametrize("message", ["... is no GeoTIFX file", "missing. expected ... nothing of this kind"])
def test_other_messages_are_noticed(message):
    assert not in_code(message)
