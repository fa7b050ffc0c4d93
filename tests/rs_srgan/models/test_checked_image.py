import numpy as np
import pytest
import torch

from rs_srgan import InputError
from rs_srgan.models.checked_image import checked_image


def test_masked_pixels_become_nan():
    image = np.ma.masked_equal(np.array([[[0.1, 0.5]]]), 0.5)
    found = checked_image("image", image, ("B04",))
    assert found.dtype == np.float32 and found[0, 0, 0] == np.float32(0.1) and np.isnan(found[0, 0, 1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tensor_is_taken_as_an_array(dtype):
    image = torch.full((1, 2, 3), 0.25, dtype=dtype, requires_grad=True)
    found = checked_image("image", image, ("B04",))
    assert found.dtype == np.float32 and (found == 0.25).all()


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (np.ones((2, 3, 3)), "B04"),
        (np.ones((1, 3, 3), int), "int64"),
        (np.full((1, 3, 3), 900.0), "DN"),
        (3, "shape"),
        ([[0.1], [0.1, 0.2]], "array"),
    ],
)
def test_what_is_no_reflectance_is_refused(image, word):
    with pytest.raises(InputError, match=word):
        checked_image("image", image, ("B04",))
