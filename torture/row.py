"""Row: what one attack tried, what survived, and what failed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row of the table of `python -m torture`.

    Attributes:
        part: name of the part, for example "fuzz".
        subject: what was attacked, for example "GeoTIFF".
        tried: number of attempts.
        survived: number of attempts that ended as promised.
        found: one line for each kind of failure, with the seed and the number of the attempt, so that it can be
            repeated. The row counts as failed if there is one.
        seconds: how long the attempts took.
    """

    part: str
    subject: str
    tried: int
    survived: int
    found: tuple[str, ...]
    seconds: float
