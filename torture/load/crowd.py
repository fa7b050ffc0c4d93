"""`Crowd`: visitors of one server, some of whom attack it."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from threading import Lock

from torture.app_server import Target
from torture.errands import Errand
from torture.intruders import Intruder
from torture.load.tally import Tally
from torture.visitors import Visitor


class Crowd:
    """Visitors of a server, some of whom attack it.

    Args:
        target: the server.
        folder: an empty folder for their downloads.
        seed: start of the random choices.

    Attributes:
        target: the server.
        seed: start of the random choices.
    """

    def __init__(self, target: Target, folder: Path, seed: int) -> None:
        self.target, self.seed = target, seed
        self._folder, self._visitors, self._lock = folder, dict[int, Visitor](), Lock()

    def visitor(self, number: int) -> Visitor:
        """Return the visitor with a number, who arrives with the first call."""
        with self._lock:
            if number not in self._visitors:
                folder = self._folder / str(number)
                folder.mkdir()
                self._visitors[number] = Visitor(self.target.address, number, folder, Random(f"{self.seed} {number}"))
            return self._visitors[number]

    def visit(
        self,
        number: int,
        errands: Sequence[Errand],
        seconds: float,
        hostile: float,
        most: int,
        valid: Tally,
        attacks: Tally,
    ) -> None:
        """Let a visitor ask until the time is over, at most `most` times; a share `hostile` of requests are attacks."""
        visitor, random = self.visitor(number), Random(f"{self.seed} {number} asks")
        chosen = Random(f"{self.seed} {number} attacks")
        intruder = Intruder(visitor, self.target, chosen)
        deadline = time.monotonic() + seconds
        valid.note(visitor.look)
        for _ in range(most):
            if time.monotonic() > deadline:
                return
            if random.random() < hostile:
                attacks.note(intruder.attack)
            else:
                errand = random.choice(errands)
                valid.note(partial(visitor.run, errand))

    def close(self) -> None:
        """Let all visitors leave."""
        for visitor in self._visitors.values():
            visitor.close()
