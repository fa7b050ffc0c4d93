import pickle

from torture.row import Row


def test_a_row_can_come_from_another_process():
    row = Row("fuzz", "zip", 5, 4, ("seed 1, input 2: a crash",), 1.5)
    assert pickle.loads(pickle.dumps(row)) == row
