"""The engines of a computing process, kept from one job to the next."""

import logging
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from app.jobs.request import TILE_LR_PX
from rs_srgan import MISR, SISR
from rs_srgan.inference.engine import Engine
from rs_srgan.inference.engines import WORTH_COMPILING_PX, make_engine
from rs_srgan.pixels.radiometry import Encoding

logger = logging.getLogger(__name__)


class EngineCache:
    """A cache of one engine: the engine of the last job is used again, so that it need not be compiled again.

    Args:
        make: function that makes an engine, see `make_engine`.

    Attributes:
        is_ready: whether `get_ready` has done its work.
    """

    def __init__(self, make: Callable[..., Engine] = make_engine) -> None:
        self._make = lru_cache(maxsize=1)(make)
        self._first: tuple[SISR | MISR, tuple[Encoding, ...], str, str, int | None] | None = None
        self.is_ready = False

    def __call__(
        self,
        model: SISR | MISR,
        encodings: tuple[Encoding, ...],
        scene_px: int,
        name: str,
        precision: str,
        threads: int | None,
    ) -> Engine:
        """Return the engine of the last job if it fits, else a new one; see `make_engine`."""
        self._first = self._first or (model, encodings, name, precision, threads)
        size = WORTH_COMPILING_PX if scene_px >= WORTH_COMPILING_PX else 0  # nothing else decides on the engine
        return self._make(model, encodings, size, name, precision, threads)

    def get_ready(self) -> None:
        """Compile the engine of the first small image, which is the sample, for whole tiles while no job waits."""
        if self.is_ready or self._first is None:
            return
        self.is_ready = True
        model, encodings, *how = self._first
        if not model.config.several and not model.config.guide_bands:
            side = TILE_LR_PX + 2 * model.receptive_field
            try:
                engine = self._make(model, encodings, WORTH_COMPILING_PX, *how)
                engine(np.zeros((len(model.config.bands), side, side), np.float32))
            except Exception:  # no job depends on it yet
                logger.exception("The engine could not be compiled in advance.")
