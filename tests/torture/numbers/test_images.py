import numpy as np
import pytest

from torture.numbers.images import LARGEST, PATTERNS, land, patchwork


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_keeps_the_shape_and_fits_a_product(name):
    random = np.random.default_rng(0)
    image = land((4, 20, 24), random)
    made = PATTERNS[name](image, random)
    assert made.shape == image.shape
    assert np.abs(made[np.isfinite(made)]).max(initial=0) <= LARGEST


def test_a_patchwork_holds_all_extremes():
    dn = patchwork(4, 61, 53, seed=1)
    assert dn.min() == 0 and dn.max() == 65_535 and (dn == 1).any()
    assert (dn > 0).mean() > 0.7
    assert not np.array_equal(dn, patchwork(4, 61, 53, seed=2))
