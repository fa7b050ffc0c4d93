"""The house: every import runs downwards, lazy imports and imports for type checkers counted."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Rooms from the ground up: each may import those before it. Files at the root of a package are rooms, too.
FLOORS = {
    "rs_srgan": (
        *("version", "errors", "pixels", "sensors", "registration", "reading", "writing", "hub", "models"),
        *("inference", "evaluation", "publishing", "__init__", "cli", "__main__"),
    ),
    "app": (
        *("__init__", "errors", "sandbox", "settings", "jobs", "viewer", "products", "pages", "server"),
        *("app", "__main__"),
    ),
    "train": ("__init__", "data", "__main__"),
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for package in FLOORS for path in (ROOT / package).rglob("*.py")}


def imported(path: Path) -> set[str]:
    """Return our modules that a file imports, wherever it does so."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} has a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return found & MODULES.keys() - {module_of(path)}


IMPORTS = {module: imported(path) for module, path in MODULES.items()}


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that reach each other (strongly connected, Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in arrows[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in arrows:
        if node not in index:
            visit(node)
    return found


def test_the_finder_finds_a_circle():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_no_files_import_each_other():
    assert circles(IMPORTS) == []


def room_of(module: str, package: str) -> str:
    rest = module.removeprefix(package).lstrip(".").split(".")[0]
    return rest or "__init__"


def test_every_file_stands_in_a_room_that_is_known():
    for package in ("rs_srgan", "app"):
        rooms = {room_of(module, package) for module in MODULES if module.split(".")[0] == package}
        assert rooms == set(FLOORS[package])


@pytest.mark.parametrize("package", ["rs_srgan", "app"])
def test_no_import_runs_upwards(package):
    floors = FLOORS[package]
    upwards = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others
        if module.split(".")[0] == other.split(".")[0] == package
        and floors.index(room_of(other, package)) > floors.index(room_of(module, package))
        and other != package  # the package itself, whose names are looked up when they are asked for
    ]
    assert upwards == []


@pytest.mark.parametrize(
    ("package", "others"), [("rs_srgan", {"app", "train"}), ("train", {"app"}), ("app", {"train"})]
)
def test_packages_do_not_know_those_above_them(package, others):
    crossing = [
        f"{module} imports {other}"
        for module, found in IMPORTS.items()
        for other in found
        if module.split(".")[0] == package and other.split(".")[0] in others
    ]
    assert crossing == []


def test_the_library_does_not_import_from_its_own_face():
    """`from rs_srgan import InputError` in the library would tie every room to all others."""
    tied = [m for m, others in IMPORTS.items() if m.startswith("rs_srgan.") and "rs_srgan" in others]
    assert tied == []
