import numpy as np
import pytest

from torture.numbers.runs import compare_runs, fault_of_tiles, make_requests


@pytest.mark.slow
def test_every_engine_makes_the_same_pixels_again(tmp_path):
    """Takes half a minute: pytest -m slow tests/torture/numbers/test_runs.py."""
    assert [row.found for row in compare_runs(tmp_path, seed=3, quick=True)] == [()] * 4


@pytest.mark.parametrize(("engine", "precision"), [("torch", "fp32"), ("torch", "bf16"), ("openvino", "int8")])
def test_an_engine_makes_the_same_pixels_again(tmp_path, engine, precision):
    requests = make_requests(tmp_path, ["sisr-x2-rgbn"], seed=3)
    (request,) = (each for each in requests if (each.engine, each.precision) == (engine, precision))
    np.testing.assert_array_equal(request.pixels(tmp_path), request.pixels(tmp_path))


def test_a_seam_is_found():
    whole = np.full((4, 8, 8), 900, np.uint16)
    tiled = whole.copy()
    tiled[0, 0, 4] += 2
    assert fault_of_tiles(whole, whole, 1) == ""
    assert "2 DN" in fault_of_tiles(tiled, whole, 1)
