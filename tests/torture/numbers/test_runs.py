from dataclasses import replace

import numpy as np
import pytest

from torture.deadline import NEVER, Deadline
from torture.numbers.runs import (
    ENGINES,
    SIZES,
    TILES,
    compare,
    compare_runs,
    fault_of_tiles,
    fault_of_values,
    make_requests,
)

MODEL = "sisr-x2-rgbn"


@pytest.fixture(scope="module")
def requests(tmp_path_factory):
    """Requests of a small model by engine and precision."""
    made = make_requests(tmp_path_factory.mktemp("requests"), [MODEL], seed=3)
    return {(each.engine, each.precision): each for each in made}


@pytest.mark.slow
def test_every_engine_makes_the_same_pixels_again():
    """Takes half a minute: pytest -m slow tests/torture/numbers/test_runs.py."""
    assert [row.found for row in compare_runs(seed=3, quick=True, until=NEVER)] == [()] * 4


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ENGINES, ids=" ".join)
def test_an_engine_makes_the_same_pixels_again(tmp_path, requests, engine, threads):
    request = replace(requests[engine], threads=threads)
    first = request.pixels(tmp_path)
    np.testing.assert_array_equal(request.pixels(tmp_path), first)
    assert fault_of_values(request, first) == ""


@pytest.mark.parametrize("at", range(len(SIZES)))
def test_tiles_of_any_size_make_the_same_image(tmp_path, at):
    requests = make_requests(tmp_path, [MODEL], seed=3)
    request = replace(requests[at], engine="torch", precision="fp32")
    whole = request.pixels(tmp_path, 4096)
    for tile in TILES:
        assert fault_of_tiles(request.pixels(tmp_path, tile), whole, 1) == "", tile


def test_sizes_are_odd_and_tiles_fit_none_of_them(requests):
    assert all(side % 2 and side % tile for size in SIZES for side in size for tile in TILES)
    assert {request.size for request in requests.values()} == set(SIZES)
    assert {request.threads for request in requests.values()} == {1, 2}


def test_wrong_values_of_a_file_are_found(tmp_path, requests):
    request = next(each for each in requests.values() if not each.extreme)
    pixels = request.pixels(tmp_path)
    bright, emptied = pixels.copy(), pixels.copy()
    valid = tuple(np.argwhere(pixels > 0)[0])
    bright[valid], emptied[valid] = 65_535, 0
    assert fault_of_values(request, pixels) == ""
    assert "reaches" in fault_of_values(request, bright)
    assert "data" in fault_of_values(request, emptied)


def test_without_time_no_request_begins(tmp_path, requests):
    rows = compare(list(requests.values()), tmp_path, 3, Deadline.after(0))
    assert [(row.tried, row.planned) for row in rows] == [(0, len(requests))] * 4


def test_a_seam_is_found():
    whole = np.full((4, 8, 8), 900, np.uint16)
    tiled = whole.copy()
    tiled[0, 0, 4] += 2
    assert fault_of_tiles(whole, whole, 1) == ""
    assert "2 DN" in fault_of_tiles(tiled, whole, 1)
