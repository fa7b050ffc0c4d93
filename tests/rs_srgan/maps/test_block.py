import numpy as np

from rs_srgan.maps.block import Block


def test_a_place_gets_the_pixel_around_it_and_nothing_outside():
    block = Block(np.arange(4, dtype=np.float32).reshape(1, 2, 2), 10, 20, (4, 4))
    rows, cols = np.array([10.0, 13.9, 14.0, 17.9, 9.9, 18.1]), np.array([20.0, 24.0, 23.9, 27.9, 20.0, 20.0])
    np.testing.assert_array_equal(block.at(rows, cols)[0], [0, 1, 2, 3, np.nan, np.nan])
