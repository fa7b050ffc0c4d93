"""The table of `python -m torture`, and its place in docs/reliability.md."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from torture.row import Row

PAGE = ROOT / "docs" / "reliability.md"


def format_rows(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, followed by a list of what was found."""
    cells = [
        (row.part, row.subject, _tried(row), f"{row.survived:,}", str(len(row.found)), f"{row.seconds:.0f}")
        for row in rows
    ]
    lines = [table(("part", "attacked", "tried", "survived", "found", "seconds"), cells)]
    found = [f"- {row.part}, {row.subject}: {line}" for row in rows for line in row.found]
    return "\n\n".join([*lines, "\n".join(found)]) if found else lines[0]


def _tried(row: Row) -> str:
    return f"{row.tried:,}" if row.planned in (None, row.tried) else f"{row.tried:,} of {row.planned:,}"


def write_rows(rows: Sequence[Row], page: Path = PAGE) -> None:
    """Write the rows into the page, each part's into the block `<!-- torture PART -->`.

    Raises:
        ValueError: the page has no block for a part.
    """
    for part in dict.fromkeys(row.part for row in rows):
        write_block(page, f"torture {part}", format_rows([row for row in rows if row.part == part]))
