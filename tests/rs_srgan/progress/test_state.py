import math

from rs_srgan.progress.state import Progress


def test_the_rest_takes_its_share_of_the_time_so_far_without_what_was_resumed():
    assert Progress(60, 100, 8.0, resumed_px=20).seconds_left == 8.0
    assert Progress(100, 100, 8.0).seconds_left == 0
    assert Progress(20, 100, 0.0, resumed_px=20).seconds_left == math.inf
