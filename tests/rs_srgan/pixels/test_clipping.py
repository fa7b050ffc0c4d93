import numpy as np
import pytest

from rs_srgan.pixels.clipping import Clipping, clip_keeping_means


def block_means(image, scale):
    bands, height, width = image.shape
    return image.reshape(bands, height // scale, scale, width // scale, scale).mean((2, 4))


@pytest.fixture
def contrast():
    """DN whose blocks of 4 x 4 have means inside 1..65535, though many values are outside."""
    random = np.random.default_rng(0)
    dn = random.normal(0, 4000, (3, 40, 48))
    wanted = random.uniform(50, 65_000, (3, 10, 12)).repeat(4, 1).repeat(4, 2)
    means = block_means(dn, 4).repeat(4, 1).repeat(4, 2)
    return np.rint(dn - means + wanted).astype(np.float32)


@pytest.mark.parametrize("limits", [(1, 65_535), (0, 255), (-32_768, 32_767)])
def test_every_value_is_a_dn_within_the_limits(contrast, limits):
    stored, _ = clip_keeping_means(contrast, *limits, 4)
    assert stored.min() >= limits[0] and stored.max() <= limits[1]
    np.testing.assert_array_equal(stored, np.rint(stored))


def test_means_of_blocks_are_kept(contrast):
    assert ((contrast < 1) | (contrast > 65_535)).mean() > 0.02
    stored, counts = clip_keeping_means(contrast, 1, 65_535, 4)
    assert np.abs(block_means(stored, 4) - block_means(contrast, 4)).max() <= 1
    assert abs(counts.mean_change) < 0.1


def test_blocks_without_clipped_values_stay_as_they_are(contrast):
    inside = ((contrast >= 1) & (contrast <= 65_535)).reshape(3, 10, 4, 12, 4).all((2, 4))
    same = inside.repeat(4, 1).repeat(4, 2)
    stored, _ = clip_keeping_means(contrast, 1, 65_535, 4)
    assert 0.5 < same.mean() < 1
    np.testing.assert_array_equal(stored[same], contrast[same])


def test_a_clipping_that_hardly_moves_the_mean_is_plain():
    dn = np.full((1, 4, 4), 50, np.float32)
    dn[0, 1, 2] = -10  # clipped to 1, the mean rises by 11 / 16
    stored, _ = clip_keeping_means(dn, 1, 65_535, 4)
    np.testing.assert_array_equal(stored, dn.clip(1, None))


@pytest.mark.parametrize(("value", "limit"), [(-300, 1), (70_000, 65_535)])
def test_a_block_that_is_outside_becomes_the_limit_and_the_change_is_counted(value, limit):
    dn = np.full((1, 4, 8), 500, np.float32)
    dn[:, :, :4] = value
    stored, counts = clip_keeping_means(dn, 1, 65_535, 4)
    np.testing.assert_array_equal(stored[:, :, :4], limit)
    np.testing.assert_array_equal(stored[:, :, 4:], 500)
    assert counts == Clipping(32, 16, 16 * (limit - value))
    assert counts.mean_change == (limit - value) / 2


def test_only_valid_values_are_counted(contrast):
    valid = np.zeros(contrast.shape, bool)
    valid[:, :8, :8] = True
    _, part = clip_keeping_means(contrast, 1, 65_535, 4, valid)
    _, alone = clip_keeping_means(contrast[:, :8, :8], 1, 65_535, 4)
    assert part == alone


def test_counts_add_up():
    total = Clipping(10, 1, 5.0) + Clipping(30, 3, -1.0)
    assert total == Clipping(40, 4, 4.0)
    assert total.share == 0.1
    assert Clipping().share == Clipping().mean_change == 0
