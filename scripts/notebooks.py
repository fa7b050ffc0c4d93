"""Write the notebooks from the Python files beside them: python -m scripts.notebooks.

The Python files are in jupytext's percent format. The notebooks hold no results, so that changes can be read. If
pyproject.toml states the address of the repository, the first cell installs the package from there, and a notebook of a
repository on GitHub begins with a link that opens it in Colab.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
_GITHUB = "https://github.com/"
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def repository_address() -> str:
    """Return the address of the repository that pyproject.toml states; empty if it states none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    address: str = project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["address"]
    return address.rstrip("/")


def with_address(code: str, name: str, address: str) -> str:
    """Return the Python code of a notebook with the address of the repository, where there is one.

    Args:
        code: the code, in jupytext's percent format, with a title and a line PACKAGE = "rs_srgan[...]".
        name: name of the notebook, without suffix.
        address: address of the repository, or "".
    """
    if not address:
        return code
    code = re.sub(r'^(PACKAGE = "rs_srgan\[[\w,]+\])".*$', rf'\1 @ git+{address}"', code, flags=re.M)
    if not address.startswith(_GITHUB):
        return code
    where = f"https://colab.research.google.com/github/{address.removeprefix(_GITHUB)}/blob/main/notebooks/{name}.ipynb"
    return re.sub(r"^(# # .*)$", rf"\1\n#\n# [Open in Colab]({where})", code, count=1, flags=re.M)


def notebook_of(source: Path) -> str:
    """Return the notebook of a Python file, as JSON."""
    import jupytext

    code = with_address(source.read_text(encoding="utf-8"), source.stem, repository_address())
    notebook = jupytext.reads(code, fmt="py:percent")
    notebook.metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's, for a way back that nobody goes
    text: str = jupytext.writes(notebook, fmt="ipynb")
    return text + "\n"


def main() -> None:
    """Write all notebooks, and print their names."""
    for source in sorted(FOLDER.glob("*.py")):
        target = source.with_suffix(".ipynb")
        target.write_text(notebook_of(source), encoding="utf-8")
        sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main()
