import numpy as np
import pytest

from benchmarks.lines import Line, drawn, traced, unevenness


def stripes(depth: float, period_lr_px: float, side: int = 200, scale: int = 4) -> tuple[np.ndarray, Line]:
    """Return a line along a row whose brightness varies, and its centre."""
    cols = np.arange(side) / scale
    centre = 0.2 + 0.1 * depth * np.sin(2 * np.pi * cols / period_lr_px)
    image = np.full((3, side, side), 0.1, np.float32)
    image[:, 96:104] = centre
    return image, Line((24.5, 5), (24.5, 44))


@pytest.mark.parametrize("depth", [0.0, 0.1, 0.3])
def test_beads_have_their_standard_deviation_over_the_contrast(depth):
    image, line = stripes(depth, period_lr_px=1.5)
    assert unevenness(image, 4, line) == pytest.approx(depth / np.sqrt(2), rel=0.05, abs=1e-4)


def test_slow_changes_do_not_count():
    image, line = stripes(0.3, period_lr_px=60)
    assert unevenness(image, 4, line) < 0.02


@pytest.mark.parametrize("angle", [0, 22, 45, 67, 90])
def test_drawn_lines_are_even_and_where_they_are_said_to_be(angle):
    _, hr, line = drawn(angle, 1.0, 2)
    assert unevenness(hr, 2, line) < 0.01
    across = line.profiles(hr, 2, np.linspace(-1.5, 1.5, 61)).mean(0)
    assert abs(np.linspace(-1.5, 1.5, 61)[across.argmax()]) < 0.06


def test_traced_lines_follow_their_bend():
    _, hr, line = drawn(31, 1.0, 2)
    beside = Line(tuple(np.add(line.start, (0.6, 0.6))), tuple(np.subtract(line.end, (0.4, 0.4))))
    assert unevenness(hr, 2, traced(hr, 2, beside)) < 0.3 * unevenness(hr, 2, beside) + 0.01
