"""Write the notebooks from the Python files beside them: python -m scripts.notebooks.

The Python files are in jupytext's percent format. The notebooks hold no results, so that changes can be read.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "notebooks"
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def notebook_of(source: Path) -> str:
    """Return the notebook of a Python file, as JSON."""
    import jupytext

    notebook = jupytext.read(source)
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
