"""Progress and cancelling of predictions in memory; kinds of images are tested in tests/rs_srgan/arrays."""

import threading

import numpy as np
import pytest

from rs_srgan import Cancelled, InputError, Progress
from tests.conftest import scene_dn


@pytest.fixture
def image():
    return scene_dn(20, 24).astype(np.float32) / 10_000


def kinds(image, write_tif):
    yield image, 1
    yield np.stack([image, image]), 2
    yield write_tif(scene_dn(20, 24)), 1


def test_progress_counts_every_tile_of_every_kind(model, image, write_tif):
    for given, images in kinds(image, write_tif):
        states: list[Progress] = []
        model.predict(given, tile=12, progress=states.append)
        assert len(states) == 4 * images
        assert [state.done_px for state in states] == sorted({state.done_px for state in states})
        assert states[-1].done_px == states[-1].total_px == images * 20 * 24


def test_a_prediction_is_cancelled_between_tiles(model, image, write_tif):
    for given, _ in kinds(image, write_tif):
        cancel, states = threading.Event(), []

        def after_the_first(state, cancel=cancel, states=states):
            states.append(state)
            cancel.set()

        with pytest.raises(Cancelled):
            model.predict(given, tile=12, progress=after_the_first, cancel=cancel)
        assert len(states) == 1
    with pytest.raises(Cancelled):
        model.predict(image, cancel=lambda: True)


def test_no_bar_is_written_where_nobody_watches(model, image, capfd):
    model.predict(image, tile=12)
    assert capfd.readouterr() == ("", "")
    model.predict(image, tile=12, progress=True)
    assert "px" in capfd.readouterr().err


@pytest.mark.parametrize("options", [{"progress": "bar"}, {"cancel": 1}, {"tile": 8.0}, {"tile": 0}, {"tile": None}])
def test_options_of_other_kinds_are_refused(model, image, options):
    with pytest.raises(InputError, match="expected"):
        model.predict(image, **options)
