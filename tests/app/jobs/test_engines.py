import numpy as np
import pytest

from app.jobs.engines import EngineCache
from rs_srgan.inference.engines import WORTH_COMPILING_PX, make_engine
from rs_srgan.pixels.radiometry import Encoding

DN = Encoding("uint16", (1e-4,) * 4, (0.0,) * 4, 0)
HOW = ("auto", "auto", None)


def test_the_engine_of_a_small_image_is_compiled_in_advance_for_large_ones(model):
    made = []

    def make(*arguments):
        made.append(make_engine(*arguments))
        return made[-1]

    engines = EngineCache(make)
    engines.get_ready()  # there was no image yet
    assert made == []
    small = engines(model, (DN,), 100, *HOW)
    engines.get_ready()
    large = engines(model, (DN,), 4 * WORTH_COMPILING_PX, *HOW)
    assert made == [small, large]
    (sr,) = large(np.full((4, 80, 80), 0.2, np.float32))
    assert sr.shape[0] == 4 and sr.any()


def test_a_failure_in_advance_does_not_end_the_process(model, caplog):
    def make(_model, _encodings, scene_px, *_):
        if scene_px >= WORTH_COMPILING_PX:
            raise MemoryError

    engines = EngineCache(make)
    engines(model, (DN,), 100, *HOW)
    engines.get_ready()
    assert "compiled in advance" in caplog.text
    with pytest.raises(MemoryError):  # a job that needs the engine still fails
        engines(model, (DN,), WORTH_COMPILING_PX, *HOW)
