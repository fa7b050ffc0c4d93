"""Rules for tests that ruff does not know: see CONTRIBUTING.md."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in TESTS.rglob("*.py")}


def places(fits) -> list[str]:
    """Return the places in the tests of all nodes that fit."""
    return [
        f"{path.relative_to(TESTS.parent)}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if fits(node)
    ]


# Documented names of the standard library: os._exit, and methods of named tuples.
DOCUMENTED = {"_exit", "_asdict", "_replace", "_fields"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def test_errors_are_matched_by_one_keyword():
    def matches_a_sentence(node):
        if not (isinstance(node, ast.keyword) and node.arg == "match"):
            return False
        return any(isinstance(part, ast.Constant) and " " in str(part.value) for part in ast.walk(node.value))

    assert places(matches_a_sentence) == []


def test_tests_do_not_sleep():
    def sleeps(node):
        return (
            isinstance(node, ast.Attribute | ast.alias) and getattr(node, "attr", getattr(node, "name", "")) == "sleep"
        )

    assert places(sleeps) == []


def test_private_names_are_not_used():
    """A class may use its own, as `self._name`."""

    def uses_a_private_name(node):
        if isinstance(node, ast.Attribute):
            return is_private(node.attr) and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        if isinstance(node, ast.ImportFrom):
            return any(is_private(part) for part in [*str(node.module).split("."), *(each.name for each in node.names)])
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("setattr", "delattr"):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            return any(is_private(part) for text in texts for part in text.split("."))
        return False

    assert places(uses_a_private_name) == []
