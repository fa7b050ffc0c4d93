"""Measures of the source tree: python -m scripts.measure_house [CHECKOUT].

A room is a sub-package, or a file at the root of a package. An arrow is an import from one room to another. Imports
inside functions and imports for type checkers count.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts.check_docstrings import begins_badly, documented

PACKAGES = ("rs_srgan", "app", "train")

Arrows = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Measures:
    """Measures of one package.

    Attributes:
        loose_files: number of Python files at the root of the package.
        rooms: number of rooms, loose files included.
        arrows: number of pairs of rooms of which the first imports the second.
        circles: groups of modules that import each other, directly or through others.
        upwards: the smallest number of arrows that point upwards, over all orders of the rooms.
        docstrings: number of functions with a docstring.
        riddles: number of those docstrings that do not begin with a verb.
        code_lines: number of lines without blank lines, comments and docstrings.
    """

    loose_files: int
    rooms: int
    arrows: int
    circles: list[list[str]]
    upwards: int
    docstrings: int
    riddles: int
    code_lines: int


def find_modules(root: Path, packages: Iterable[str] = PACKAGES) -> dict[str, Path]:
    """Return the files of the packages by the names of their modules."""
    found = {}
    for path in (path for package in packages for path in (root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def find_imports(modules: Mapping[str, Path]) -> dict[str, frozenset[str]]:
    """Return for each module the other given modules that it imports.

    Raises:
        ValueError: a file has a relative import.
    """
    return {module: _imported(path, modules.keys()) - {module} for module, path in modules.items()}


def _imported(path: Path, known: Iterable[str]) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or not node.module:
                raise ValueError(f"{path}:{node.lineno} has a relative import. Write the full name of the module.")
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
    return frozenset(found.intersection(known))


def find_circles(arrows: Arrows) -> list[list[str]]:
    """Return the groups of names that reach each other: strongly connected components (Tarjan 1972)."""
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


def room_of(module: str) -> str:
    """Return the room of a module: the second part of its name, or `__init__` for the package itself."""
    return [*module.split("."), "__init__"][1]


def find_rooms(package: str, imports: Arrows) -> dict[str, frozenset[str]]:
    """Return for each room of a package the other rooms that it imports.

    An import of the package itself is no arrow, because `__init__` looks its names up when they are asked for.
    """
    own = [module for module in imports if module.split(".")[0] == package]
    rooms: dict[str, set[str]] = {room_of(module): set() for module in own}
    for module in own:
        targets = {other for other in imports[module] if other in own and other != package}
        rooms[room_of(module)] |= {room_of(other) for other in targets} - {room_of(module)}
    return {room: frozenset(others) for room, others in rooms.items()}


def count_upwards(arrows: Arrows) -> int:
    """Return the smallest number of arrows that point upwards, over all orders of the names.

    Only names in a circle matter. For each circle, the best order of every subset is found from smaller subsets.
    """
    return sum(_fewest(frozenset(circle), arrows) for circle in find_circles(arrows))


def _fewest(circle: frozenset[str], arrows: Arrows) -> int:
    @cache
    def best(below: frozenset[str]) -> int:
        """Return the fewest arrows that point upwards from these names, which stand below the rest of the circle."""
        tops = ((below - {top}, len(arrows[top] & circle - below)) for top in below)
        return min((best(rest) + upwards for rest, upwards in tops), default=0)

    return best(circle)


def count_code_lines(path: Path) -> int:
    """Return the number of lines that are neither blank, nor a comment, nor part of a docstring."""
    text = path.read_text(encoding="utf-8")
    lines = {number for number, line in enumerate(text.splitlines(), 1) if line.strip() and line.strip()[0] != "#"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def measure(package: str, root: Path) -> Measures:
    """Measure one package of the checkout at `root`."""
    modules = find_modules(root, [package])
    imports = find_imports(modules)
    rooms = find_rooms(package, imports)
    docstrings = [begins_badly(node, line) for path in modules.values() for node, line in documented(path)]
    return Measures(
        loose_files=len(list((root / package).glob("*.py"))),
        rooms=len(rooms),
        arrows=sum(map(len, rooms.values())),
        circles=find_circles(imports),
        upwards=count_upwards(rooms),
        docstrings=len(docstrings),
        riddles=sum(docstrings),
        code_lines=sum(map(count_code_lines, modules.values())),
    )


def table(columns: Mapping[str, Measures]) -> str:
    """Return the measures as a Markdown table with one column for each package."""
    rows: dict[str, Callable[[Measures], object]] = {
        "files at the root": lambda m: m.loose_files,
        "rooms": lambda m: m.rooms,
        "arrows between rooms": lambda m: m.arrows,
        "arrows upwards": lambda m: m.upwards,
        "import circles": lambda m: len(m.circles),
        "files in the largest circle": lambda m: max(map(len, m.circles), default=0),
        "docstrings that begin with no verb": lambda m: f"{m.riddles / max(m.docstrings, 1):.0%}",
        "lines of code": lambda m: m.code_lines,
    }
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    lines += [f"| {name} | {' | '.join(str(value(m)) for m in columns.values())} |" for name, value in rows.items()]
    return "\n".join(lines)


def main() -> None:
    """Print the measures of the checkout that the command line names, by default this one."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    sys.stdout.write(table({package: measure(package, root) for package in PACKAGES}) + "\n")


if __name__ == "__main__":
    main()
