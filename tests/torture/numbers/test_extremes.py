import numpy as np

from torture.deadline import NEVER
from torture.numbers.extremes import fault_of, give_extremes


def test_no_extreme_spoils_a_result():
    assert [row.found for row in give_extremes(seed=3, quick=True, until=NEVER)] == [()]


def test_each_kind_of_wrong_result_is_found():
    lr = np.full((4, 6, 6), 0.2, np.float32)
    lr[:, 2, 2] = np.nan
    right = lr.repeat(2, axis=1).repeat(2, axis=2)
    assert fault_of(lr, right, 2, [lr]) == ""
    for row, value, word in ((4, 0.2, "data"), (0, np.nan, "data"), (0, np.inf, "infinite"), (0, 0.5, "reaches")):
        wrong = right.copy()
        wrong[0, row, row] = value
        assert word in fault_of(lr, wrong, 2, [lr])
    assert "shape" in fault_of(lr, right[:, 1:], 2, [lr])
