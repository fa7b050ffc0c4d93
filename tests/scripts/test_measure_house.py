import pytest

from scripts.measure_house import count_code_lines, find_circles, find_imports, find_modules, find_rooms, measure, table
from scripts.measure_house import count_upwards as count


def arrows(**names: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(others) for name, others in names.items()}


@pytest.fixture
def house(tmp_path):
    """A package with two files that import each other and one import inside a function."""
    files = {
        "app/__init__.py": "",
        "app/main.py": "import app.low.a\n",
        "app/low/__init__.py": "",
        "app/low/a.py": "from app.low import b\n",
        "app/low/b.py": 'def f():\n    """Of a riddle."""\n    from app.low.a import x  # late\n\n    # a comment\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_circles_are_groups_that_reach_each_other():
    assert find_circles(arrows(a="b", b="c", c="a", d="a")) == [["a", "b", "c"]]
    assert find_circles(arrows(a="bc", b="c", c="")) == []


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (arrows(a="bc", b="c", c=""), 0),
        (arrows(a="b", b="c", c="a"), 1),
        (arrows(a="bc", b="ac", c="ab"), 3),
        (arrows(a="b", b="a", c="d", d="c"), 2),
    ],
)
def test_arrows_upwards_are_counted_in_the_best_order(graph, expected):
    assert count(graph) == expected


def test_imports_inside_functions_count(house):
    imports = find_imports(find_modules(house, ["app"]))
    assert imports["app.low.b"] == {"app.low.a"}
    assert imports["app.low.a"] == {"app.low.b"}


def test_a_relative_import_is_refused(house):
    (house / "app/low/a.py").write_text("from . import b\n")
    with pytest.raises(ValueError, match="module"):
        find_imports(find_modules(house, ["app"]))


def test_rooms_are_sub_packages_and_files_at_the_root(house):
    assert find_rooms("app", find_imports(find_modules(house, ["app"]))) == arrows(__init__="", main=["low"], low="")


def test_blank_lines_comments_and_docstrings_are_no_code(house):
    assert count_code_lines(house / "app/low/b.py") == 2


def test_the_table_has_every_measure(house):
    found = measure("app", house)
    assert (found.loose_files, found.rooms, found.arrows, found.upwards, found.riddles) == (2, 3, 1, 0, 1)
    assert found.circles == [["app.low.a", "app.low.b"]]
    assert "| files in the largest circle | 2 |" in table({"app": found})
