from collections import Counter
from math import inf

import pytest

from rs_srgan.batch.state import State


@pytest.mark.parametrize(("share", "left"), [(0.0, inf), (0.25, 30), (1.0, 0)])
def test_the_rest_takes_its_share_of_the_time(share, left):
    assert State(4, 1, 0, 0, 100, 10.0, Counter(), share).seconds_left == left
