"""Calls that can run foreign code, found in the source by its syntax tree.

Weights are read as safetensors, configurations by safe loaders, and no program is started by a shell.
"""

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FORBIDDEN = {
    "eval": "runs a text as code",
    "exec": "runs a text as code",
    "os.system": "starts a shell",
    "os.popen": "starts a shell",
    "subprocess.getoutput": "starts a shell",
    "subprocess.getstatusoutput": "starts a shell",
    "pickle.load": "runs what a pickle says",
    "pickle.loads": "runs what a pickle says",
    "pickle.Unpickler": "runs what a pickle says",
    "marshal.loads": "reads code",
    "shelve.open": "reads pickles",
    "joblib.load": "reads pickles",
    "pandas.read_pickle": "reads pickles",
    "torch.jit.load": "reads code",
    "torch.hub.load": "runs code of a repository",
    "yaml.unsafe_load": "makes any object",
    "yaml.full_load": "makes many objects",
    "tempfile.mktemp": "names a file that somebody else may create first",
    "ssl._create_unverified_context": "trusts every server",
}
# A call with this comment is meant; a reason follows it.
_HARMLESS = "# harmless:"
_SAFE_YAML = ("SafeLoader", "CSafeLoader")


def dangers(source: str) -> Iterator[tuple[int, str]]:
    """Yield the dangerous calls of a Python source, and of programs in its texts: the line, and what is wrong."""
    tree, lines = ast.parse(source), source.splitlines()
    names = _imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _HARMLESS not in lines[node.lineno - 1]:
            called = _full_name(node.func, names)
            given = {each.arg: each.value for each in node.keywords if each.arg}
            for fault in _faults(called, node, given):
                yield node.lineno, f"{called or 'a call'} {fault}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "import " in node.value:
            with suppress(SyntaxError, ValueError):  # it is no program
                yield from ((node.lineno + line - 1, what) for line, what in dangers(node.value))


def dangers_in(root: Path, *parts: str) -> tuple[int, list[str]]:
    """Return the number of source files below some parts of a folder, and their dangerous calls as PATH:LINE: WHAT."""
    files = [
        file for part in parts for file in ([root / part] if part.endswith(".py") else (root / part).rglob("*.py"))
    ]
    found = [
        f"{file.relative_to(root)}:{line}: {what}"
        for file in sorted(files)
        for line, what in dangers(file.read_text(encoding="utf-8"))
    ]
    return len(files), found


def _faults(called: str, node: ast.Call, given: dict[str, ast.expr]) -> Iterator[str]:
    if called in _FORBIDDEN:
        yield _FORBIDDEN[called]
    if _is(given.get("shell"), True):
        yield "starts a shell"
    if called in ("torch.load", "numpy.load"):
        if called == "torch.load" and not _is(given.get("weights_only"), True):
            yield "reads pickles without weights_only=True"
        if called == "numpy.load" and "allow_pickle" in given and not _is(given["allow_pickle"], False):
            yield "reads pickles"
    if called in ("yaml.load", "yaml.load_all"):
        loader = given.get("Loader", node.args[1] if len(node.args) > 1 else None)
        if not isinstance(loader, ast.Attribute | ast.Name) or ast.unparse(loader).split(".")[-1] not in _SAFE_YAML:
            yield "makes any object; expected safe_load"
    if _is(given.get("verify"), False):
        yield "trusts every server"
    if _is(given.get("trust_remote_code"), True):
        yield "runs code of a repository"


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Return the full names of what a source imports, by the names that it uses."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.asname or each.name.split(".")[0]: each.name if each.asname else "" for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return {name: full for name, full in found.items() if full}


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    """Return the full name of what is called, for example "numpy.load"; "" if it has none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *parts])
