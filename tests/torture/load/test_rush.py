from random import Random

from torture.deadline import Deadline
from torture.errands import Errands
from torture.load.rush import beside_slow, fill_queue
from torture.load.size import Size


def test_a_queue_that_is_never_full_is_found(crowd, tmp_path):
    asked, looked = fill_queue(crowd, Errands(tmp_path, Random(0)).image(24), Size(burst=(3, 2)))
    assert (asked.tried, asked.survived, asked.planned) == (3, 0, 3)
    assert any("limit" in line for line in asked.found)
    assert looked.survived == 0


def test_after_the_deadline_no_request_is_timed(crowd, tmp_path):
    alone, *_ = beside_slow(crowd, Errands(tmp_path, Random(0)).image(24), Size(slow=0), Deadline.after(0))
    assert (alone.tried, alone.planned) == (0, 20)
