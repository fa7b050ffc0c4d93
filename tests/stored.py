"""What a GeoTIFF of 16 bits holds of a model's result."""

import numpy as np

LOW, HIGH = 1, 65_535


def assert_stored(found, expected, scale, tolerance=0.51):
    """Check stored DN against DN that are not rounded and may lie outside of the type.

    Where no value of an LR pixel is clipped, its values are rounded. Otherwise its mean is kept, as far as it can be.

    Args:
        found: DN of the file, (C, H, W).
        expected: DN of the model, (C, H, W); NaN where the file holds no data.
        scale: side of an LR pixel in pixels of the result.
        tolerance: largest difference of a rounded value, DN.
    """
    bands, height, width = expected.shape
    shape = (bands, height // scale, scale, width // scale, scale)
    found, expected = (np.asarray(image, float).reshape(shape) for image in (found, expected))
    whole = np.isfinite(expected).all((2, 4), keepdims=True)
    clipped = ((expected < LOW) | (expected > HIGH)).any((2, 4), keepdims=True)
    rounded = whole & ~clipped
    assert rounded.any()
    assert np.abs(found - expected)[np.broadcast_to(rounded, shape)].max() <= tolerance
    changed = (whole & clipped)[:, :, 0, :, 0]
    if changed.any():
        means = [image.mean((2, 4))[changed] for image in (found, expected)]
        assert np.abs(means[0] - means[1].clip(LOW, HIGH)).max() <= tolerance + 1
