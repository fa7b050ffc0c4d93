"""What the computing process keeps from one job to the next."""

import numpy as np
import pytest

from app.jobs import worker
from rs_srgan.inference.engines import WORTH_COMPILING_PX
from rs_srgan.pixels.radiometry import Encoding

DN = Encoding("uint16", (1e-4,) * 4, (0.0,) * 4, 0)


def test_what_a_small_image_used_is_made_ready_for_large_ones(model):
    engines = worker._Engines()
    engines.get_ready()  # of nothing yet
    small = engines(model, (DN,), 100, "auto", "auto", None)
    engines.get_ready()
    made = engines._make.cache_info().misses
    large = engines(model, (DN,), 4 * WORTH_COMPILING_PX, "auto", "auto", None)
    assert engines._make.cache_info().misses == made == 2
    assert large is not small
    lr = np.full((4, 80, 80), 0.2, np.float32)
    (sr,) = large(lr)
    assert sr.shape[0] == 4 and sr.any()


def test_if_that_fails_the_process_goes_on(model, monkeypatch, caplog):
    def full(*_):
        raise MemoryError

    engines = worker._Engines()
    engines(model, (DN,), 100, "auto", "auto", None)
    monkeypatch.setattr(engines, "_make", full)
    engines.get_ready()
    assert "could not be compiled in advance" in caplog.text
    with pytest.raises(MemoryError):  # a job that needs it says so itself
        engines(model, (DN,), WORTH_COMPILING_PX, "auto", "auto", None)
