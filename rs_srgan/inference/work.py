"""`work`: takes the tiles of a scene through the tile loop, settles finished tiles, and reports progress."""

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager

from rs_srgan.inference.scene import Pixels, Scene
from rs_srgan.inference.tally import Tally
from rs_srgan.pixels.tile_loop import run_tiles
from rs_srgan.pixels.windows import Tile
from rs_srgan.progress.state import Progress
from rs_srgan.writing.result import Result

logger = logging.getLogger(__name__)

# A killed run loses what it computed since the last checkpoint.
CHECKPOINT_SECONDS = 5.0


def work(scene: Scene, parts: Sequence[Tile], results: Sequence[Result]) -> Generator[Progress]:
    """Compute and write the parts that the results lack; yield after each.

    Args:
        scene: reads and computes the parts.
        parts: the tiles in the order of the work.
        results: the files to write, each of which holds the first parts already.

    Raises:
        MemoryError: a tile does not fit into the memory.
    """
    writer = _Writer(scene, results, len(parts))
    done_px = resumed_px = sum(_core_px(part) for part in parts[: writer.written])
    steps = run_tiles(parts[writer.written :], scene.read, scene.compute, writer.write, scene.engine.workers)
    started = time.monotonic()
    with writer.settled(), closing(steps):
        for part in steps:
            done_px += _core_px(part)
            yield Progress(done_px, scene.lr_px, time.monotonic() - started, resumed_px)
    if done_px > resumed_px:
        logger.info("%s", _summary(time.monotonic() - started, done_px - resumed_px))
    writer.warn()


def _summary(seconds: float, pixels: int) -> str:
    """Return the time and the pace of a run, for a number of LR pixels, for people."""
    number = f"{pixels / 1e6:.1f} million" if pixels >= 1e6 else f"{pixels:,}"
    plural = "" if pixels == 1 else "s"
    pace = pixels / max(seconds, 1e-3)
    shown = f"{pace / 1e3:,.1f} thousand" if pace >= 1e3 else f"{pace:.3g}"
    return f"{seconds:.1f} s for {number} pixel{plural}, {shown} a second."


def _core_px(part: Tile) -> int:
    return part.core.height * part.core.width


class _Writer:
    """Writes parts into the results, settles them from time to time, and counts pixels."""

    def __init__(self, scene: Scene, results: Sequence[Result], parts: int) -> None:
        self._scene, self._results, self._parts = scene, results, parts
        self.written = min(result.done for result in results)
        self._tally = Tally()
        self._tally.empty = self._counted_all = self.written == 0
        self._settled_at = time.monotonic()

    def write(self, part: Tile, pixels: Pixels | None) -> None:
        """Write one part into all results."""
        for result, dn in zip(self._results, self._scene.with_nodata(part, pixels), strict=True):
            result.write(part.core.scaled(self._scene.model.scale), dn)
        self.written += 1
        if pixels is not None:
            self._tally.add(pixels.measured, pixels.clipped, pixels.clipping)
        if self.written == self._parts or time.monotonic() - self._settled_at >= CHECKPOINT_SECONDS:
            self._settle()

    def _settle(self) -> None:
        for result in self._results:
            result.settle(self.written)
        self._settled_at = time.monotonic()

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Settle what was written when the block ends, also if it is stopped."""
        try:
            yield
        finally:
            if self.written > min(result.done for result in self._results):
                self._settle()

    def warn(self) -> None:
        """Log a warning if no pixel of a band was valid, or if values of the input or of the result were clipped."""
        lr = self._scene.inputs.lr
        bands = lr.band_names if self._counted_all else ()
        for warning in self._tally.warnings(lr.name, bands, self._scene.storable):
            logger.warning("%s", warning)
