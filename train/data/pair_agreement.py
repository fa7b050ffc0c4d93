"""Agreement of LR with HR in every pair and date, from a small window: the quick part of the check of pairs."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rs_srgan.pixels.windows import Window
from train.data.pair_loader import Pair, PairLoader
from train.data.relation import agree, relate

logger = logging.getLogger(__name__)

# Greatest side of the part of a pair that is compared slowly, HR pixels.
PART_PX = 384
# LR and HR of one place and date correlate by 0.9 and more; other dates by 0.5 and more.
UNRELATED = 0.3
# Side of the window that is compared quickly, LR pixels.
_WINDOW_LR_PX = 64
# Below this quick correlation, which ignores blur and parts of pixels, the slow comparison decides.
_SUSPECT = 0.6
# Pairs that are compared quickly, spread evenly over all.
MOST_PAIRS = 5000


@dataclass(frozen=True)
class Agreement:
    """Agreement of one date of LR with HR.

    Attributes:
        name: name of the place, and of the file if it is another date than the first.
        first: whether it is the first date of the place.
        correlation: best correlation of the detail of a band, -1 to 1.
        rows: distance of HR's content below that of LR, LR pixels.
        cols: distance of HR's content right of that of LR, LR pixels.
        confidence: correlation of the aligned images, 0 to 1.
    """

    name: str
    first: bool
    correlation: float
    rows: float
    cols: float
    confidence: float


def agreements(pairs: Sequence[Pair], known: Sequence[Pair], load: PairLoader) -> list[Agreement]:
    """Compare all dates of pairs with HR, each in the middle; where that is doubtful, in a larger part.

    A date with too little data in the middle is left out. Of very many pairs some are left out, with a warning.

    Args:
        pairs: the pairs.
        known: pairs of which the first date is compared already.
        load: reads windows of the pairs.
    """
    done = set(known)
    wanted = [pair for pair in pairs if pair not in done or _dates(pair, load) > 1]
    if len(wanted) > MOST_PAIRS:
        logger.warning(
            "%d of %d pairs are not compared, because that would take too long.", len(wanted) - MOST_PAIRS, len(pairs)
        )
        wanted = [wanted[index] for index in np.linspace(0, len(wanted) - 1, MOST_PAIRS).round().astype(int)]
    shapes = zip(wanted, load.prepare(wanted), strict=True)
    return [each for pair, shape in shapes for each in _of(pair, shape, load, int(pair in done))]


def middle(shape: tuple[int, int], limit: int) -> Window:
    """Return the middle of an image as a window of at most `limit` pixels along each axis."""
    height, width = (min(side, limit) for side in shape)
    return Window((shape[0] - height) // 2, (shape[1] - width) // 2, height, width)


def _dates(pair: Pair, load: PairLoader) -> int:
    """Return how many LR images of a pair training reads."""
    return min(len(pair.lr), load.views)


def _of(pair: Pair, shape: tuple[int, int], load: PairLoader, start: int) -> Iterator[Agreement]:
    lr, hr = load.read(pair, middle(shape, _WINDOW_LR_PX))
    for date in range(start, _dates(pair, load)):
        found = agree(lr[date], hr, load.scale)
        if found is None:
            continue
        correlation, shift = found
        if correlation < _SUSPECT:
            whole, fine = load.read(pair, middle(shape, PART_PX // load.scale))
            slow = [each.correlation for each in relate(whole[date], fine, load.scale) if each]
            correlation = max(slow, default=correlation)
        name = f"{pair.site}, {pair.lr[date].name}" if date else pair.site
        yield Agreement(name, date == 0, correlation, shift.rows, shift.cols, shift.confidence)
