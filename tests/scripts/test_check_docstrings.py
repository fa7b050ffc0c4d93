import ast

import pytest

from scripts.check_docstrings import begins_badly


def checked(source: str) -> bool:
    (node,) = (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef))
    return begins_badly(node, ast.get_docstring(node))


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ("Return the pixels.", False),
        ("Of the pixels.", True),
        ("What is seen.", True),
        ("The same for tiles.", True),
        ("The pixels of a tile.", True),
    ],
)
def test_a_docstring_begins_with_a_verb(line, bad):
    assert checked(f'def f():\n    """{line}"""') is bad


def test_a_property_may_begin_with_an_article():
    assert not checked('@property\ndef f(self):\n    """The pixels of a tile."""')
