"""Measured tables in Markdown files, between two comments that name them."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def read_block(path: Path, name: str) -> str:
    """What stands between the comments that name it."""
    return _pattern(name).search(path.read_text(encoding="utf-8")).group(2)  # type: ignore[union-attr]


def write_block(path: Path, name: str, text: str) -> None:
    """Replace what stands between the comments that name it."""
    content = path.read_text(encoding="utf-8")
    if not _pattern(name).search(content):
        raise ValueError(f"{path} has no block named {name}: <!-- {name} --> ... <!-- end {name} -->")
    path.write_text(_pattern(name).sub(lambda found: found[1] + text + found[3], content), encoding="utf-8")


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(\n<!-- end {name} -->)", re.DOTALL)
