import numpy as np
import pytest

from rs_srgan.pixels.windows import Window
from rs_srgan.registration.view import Pixels, Reference, SamePositions, View
from tests.rs_srgan.registration.test_shift import moved, scene

SIDE = 96
WHOLE = Window(0, 0, SIDE, SIDE)


class ShiftedPositions(SamePositions):
    """Positions in a view whose grid begins some pixels before the reference's."""

    def __init__(self, rows, cols):
        super().__init__()
        self.steps = np.array([rows, cols])[:, None, None]

    def at(self, window):
        return super().at(window) + self.steps


def pixels(image):
    """Return the pixels of one band, (h, w), all of which count."""
    return Pixels(
        lambda window: (image[None, *window.slices], np.ones((window.height, window.width), bool)),
        lambda window: (image[window.slices], np.ones((window.height, window.width), bool)),
        1,
        *image.shape,
    )


@pytest.fixture
def image():
    return scene(7)[:SIDE, :SIDE].astype(np.float32)


@pytest.mark.parametrize("shift", [(2.3, -0.6), (0.0, 1.0)])
def test_view_gives_the_nearest_pixels_and_their_offsets(image, shift):
    shifted = moved(image, *shift).astype(np.float32)
    view = View(pixels(shifted), SamePositions(), Reference(pixels(image)), WHOLE, [WHOLE])
    window = Window(30, 20, 8, 9)
    found, counts, offsets = view.pixels(window)
    steps = np.rint(shift)
    expected = shifted[*Window(30 + int(steps[0]), 20 + int(steps[1]), 8, 9).slices]
    np.testing.assert_allclose(found[0], view.tones.apply(expected[None])[0], atol=1e-6)
    assert counts.all()
    np.testing.assert_allclose(offsets[:, 0, 0], steps - shift, atol=0.05)


def test_pixels_of_a_window_do_not_depend_on_the_window(image):
    shifted = moved(image, 0.4, 1.3).astype(np.float32)
    view = View(pixels(shifted), SamePositions(), Reference(pixels(image)), WHOLE, [WHOLE])
    whole, part = view.pixels(WHOLE), view.pixels(Window(10, 20, 30, 40))
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[..., 10:40, 20:60], other)


def test_positions_of_another_grid_are_followed_without_a_shift(image):
    part = Window(0, 0, 90, 90)
    view = View(pixels(image), ShiftedPositions(3, 5), Reference(pixels(image[3:, 5:])), part, [part])
    assert view.registered
    found, counts, _ = view.pixels(Window(0, 0, 20, 20))
    np.testing.assert_allclose(found[0], image[3:23, 5:25], atol=1e-3)
    assert counts.all()


def test_pixels_outside_the_view_do_not_count(image):
    view = View(pixels(image), ShiftedPositions(200, 0), Reference(pixels(image)), WHOLE, [WHOLE])
    found, counts, _ = view.pixels(WHOLE)
    assert found.shape == (1, SIDE, SIDE)
    assert not view.registered and not counts.any() and not found.any()
