"""Groups: runs of neighbouring tiles that one worker computes, so that it decodes each block of the input once."""

from collections import deque
from collections.abc import Collection, Sequence
from itertools import groupby

from rs_srgan.pixels.windows import Tile

# Tiles of a group at most: a column of a band, see `rs_srgan.inference.scene.in_order`.
_MOST = 6
# Groups for each worker at least, if there are tiles enough: then the last ones end at nearly the same time.
_EACH = 4


def group(parts: Sequence[Tile], wanted: Collection[int], workers: int, together: bool = False) -> deque[deque[int]]:
    """Cut the tiles of a scene into groups for workers.

    Args:
        parts: the tiles in the order of the work.
        wanted: numbers of the tiles that are not computed yet.
        workers: number of workers.
        together: one group, because opening the scene is expensive.

    Returns:
        groups of numbers, in order. All windows of a group have one shape, for which engines prepare.
    """
    order = sorted(wanted)
    if together:
        return deque([deque(order)] if order else [])
    size = max(1, min(_MOST, -(-len(order) // (_EACH * workers))))
    groups: deque[deque[int]] = deque()
    for _, alike in groupby(order, key=lambda index: (parts[index].window.height, parts[index].window.width)):
        numbers = list(alike)
        groups.extend(deque(numbers[start : start + size]) for start in range(0, len(numbers), size))
    return groups
