import io

import numpy as np
from PIL import Image

from rs_srgan.maps.webp import webp


def test_a_picture_is_encoded_without_loss():
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 4), np.uint8)
    picture[..., 3] = 255
    picture[:5, :, 3] = 0
    decoded = np.array(Image.open(io.BytesIO(webp(picture))))
    np.testing.assert_array_equal(decoded[5:], picture[5:])
    assert (decoded[:5, :, 3] == 0).all()
