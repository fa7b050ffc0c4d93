import numpy as np
import pytest

from app.jobs.stretch import stretch_of
from rs_srgan.pixels.radiometry import Stretch


def test_an_image_with_data_has_its_own_stretch():
    image = np.random.default_rng(0).uniform(0, 0.4, (3, 20, 20)).astype(np.float32)
    image[1, :5] = np.nan
    assert stretch_of(image, 1, 1.4) == Stretch.of(image, 1, 1.4)


@pytest.mark.parametrize("without", [slice(None), slice(1, 2)])
def test_an_image_without_data_can_be_stretched(without):
    image = np.full((3, 20, 20), 0.1, np.float32)
    image[without] = np.nan
    shown = stretch_of(image, 1, 1.4).apply(image)
    assert shown.shape == (20, 20, 3) and not shown[..., without].any()
