"""`Size`: how much is asked of the server, and for how long."""

from dataclasses import dataclass

MINUTES = 2.0


@dataclass(frozen=True)
class Size:
    """How much is asked at once, and for how long.

    Attributes:
        clients: number of visitors at the same time.
        seconds: how long they ask.
        hostile: share of their requests that are attacks, 0 to 1.
        burst: number of requests at the same moment that fill the queue, and of the visitors who send them.
        slow: number of slow connections of each kind.
        timed: number of requests whose time is measured, alone and beside slow connections.
        settles: whether to wait until the server has removed its old results, and to measure what is left.
    """

    clients: int = 50
    seconds: float = 60 * MINUTES
    hostile: float = 0.4
    burst: tuple[int, int] = (72, 6)
    slow: int = 20
    timed: int = 20
    settles: bool = True


QUICK = Size(clients=6, seconds=3, burst=(24, 1), slow=3, timed=2, settles=False)
