"""docs/troubleshooting.md quotes messages that the code has."""

import ast
import re
from collections.abc import Iterable
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


def texts_in(files: Iterable[Path]) -> tuple[str, ...]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr))
    found = {as_text(node) for node in nodes}
    return tuple(" ".join(text.split()) for text in found if text)


@cache
def texts_in_code() -> tuple[str, ...]:
    return texts_in(path for package in ("rs_srgan", "train", "app") for path in (ROOT / package).rglob("*.py"))


def in_code(message: str) -> bool:
    """Return whether a text of the code holds the message; `...` stands for a value and the words around it."""
    pattern = pattern_of(message)
    return any(pattern.search(text) for text in texts_in_code())


def pattern_of(message: str) -> re.Pattern[str]:
    """Return the pattern of a message of the page."""
    parts = [re.escape(part.strip()) for part in message.split("...") if part.strip()]
    return re.compile(r".*?".join(parts), re.S)


def test_the_page_has_messages_of_every_kind():
    assert len(MESSAGES) > 60
    assert len(set(MESSAGES)) == len(MESSAGES)


def test_the_page_has_every_fault_of_an_image():
    """Find the faults in the code by their remedies."""
    texts = texts_in([ROOT / "rs_srgan" / "reading" / "survey.py"])
    faults = {text for text in texts if _GAP in text and re.search(r"\. (If|Check) ", text)}
    assert len(faults) == 8
    assert {text for text in faults if not any(pattern_of(message).search(text) for message in MESSAGES)} == set()


@pytest.mark.parametrize("message", MESSAGES)
def test_the_code_has_the_message(message):
    assert in_code(message)


@pytest.mark.parametrize("message", ["... is no GeoTIFX file", "missing. expected ... nothing of this kind"])
def test_other_messages_are_noticed(message):
    assert not in_code(message)
