"""Row: what one attack tried, what survived, and what failed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row of the table of `python -m torture`.

    Attributes:
        part: name of the part, for example "fuzz".
        subject: what was attacked, for example "GeoTIFF".
        tried: number of attempts that were made.
        survived: number of attempts that ended as promised.
        found: one line for each kind of failure, with the seed and the number of the attempt, so that it can be
            repeated. The row counts as failed if there is one.
        seconds: how long the attempts took.
        planned: number of attempts that were planned, if the time ended before all were made; else None.
    """

    part: str
    subject: str
    tried: int
    survived: int
    found: tuple[str, ...]
    seconds: float
    planned: int | None = None
