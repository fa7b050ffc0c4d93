"""`Outcome`: how a reader took one input, and the lines that describe many outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """How a reader took one input.

    Attributes:
        number: number of the input.
        failure: what went wrong; empty if the input was read or refused in one line.
        refused: whether it was refused.
    """

    number: int
    failure: str = ""
    refused: bool = False


def place_of(error: BaseException) -> str:
    """Return the class of an error, its message, and the innermost line of this project that raised it."""
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_ROOT)]
    own = [frame for frame in frames if ".venv" not in frame.filename and "torture" not in frame.filename]
    last = (own or frames)[-1:]
    where = f" at {Path(last[0].filename).relative_to(_ROOT)}:{last[0].lineno}" if last else ""
    return f"{type(error).__name__}{where}: {' '.join(str(error).split()):.120}"


def lines(outcomes: Sequence[Outcome], seed: int) -> tuple[str, ...]:
    """Return a line for each kind of failure, with its number of inputs and the first of them."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.failure:
            kinds.setdefault(outcome.failure.split(": ", 1)[0], []).append(outcome)
    return tuple(
        f"{alike[0].failure} ({len(alike)} times, first with seed {seed}, input {alike[0].number})"
        for alike in kinds.values()
    )
