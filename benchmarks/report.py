"""Measured tables in Markdown files, each between two comments that name it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def read_block(path: Path, name: str) -> str:
    """Read the text between the two comments that name a block.

    Raises:
        ValueError: the file has no such block.
    """
    return _find(path, name)[2]


def write_block(path: Path, name: str, text: str) -> None:
    """Replace the text between the two comments that name a block.

    Raises:
        ValueError: the file has no such block.
    """
    found = _find(path, name)
    path.write_text(f"{found.string[: found.start(2)]}{text}{found.string[found.end(2) :]}", encoding="utf-8")


def _find(path: Path, name: str) -> re.Match[str]:
    pattern = rf"(<!-- {name} -->\n)(.*?)(\n<!-- end {name} -->)"
    found = re.search(pattern, path.read_text(encoding="utf-8"), re.DOTALL)
    if found is None:
        raise ValueError(f"{path} has no block named {name}: <!-- {name} --> ... <!-- end {name} -->")
    return found
