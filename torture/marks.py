"""Marked secrets: tokens and passwords that can be found again wherever they end."""

import secrets
from pathlib import Path

# Every secret begins with it, and nothing else does.
MARK = "hush"


def secret() -> str:
    """Return a new secret."""
    return f"{MARK}{secrets.token_hex(8)}"


def leaks_in(said: str, folder: Path) -> list[str]:
    """Return where secrets are: lines of what a command said, and files of a folder."""
    found = [f"it said {line[:200]!r}" for line in said.splitlines() if MARK in line]
    holding = (file for file in folder.rglob("*") if MARK in file.name or _holds_one(file))
    return [*found, *(f"{file.relative_to(folder)} holds one" for file in holding)]


def _holds_one(file: Path) -> bool:
    return file.is_file() and MARK.encode() in file.read_bytes()
