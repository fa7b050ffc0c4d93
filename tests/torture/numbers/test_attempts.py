from torture.deadline import Deadline
from torture.numbers.attempts import check_all


def test_failures_are_counted_and_named():
    row = check_all("tiles", [("a", lambda: ""), ("b", lambda: "a seam"), ("c", lambda: str(1 // 0))])
    assert (row.part, row.subject, row.tried, row.survived) == ("numbers", "tiles", 3, 1)
    assert row.found[0] == "b: a seam" and row.found[1].startswith("c: ZeroDivisionError")


def test_after_a_deadline_no_check_begins_and_the_row_says_how_many_were_planned():
    row = check_all("tiles", [("a", lambda: "bad"), ("b", lambda: "bad")], Deadline.after(0))
    assert (row.tried, row.survived, row.planned, row.found) == (0, 0, 2, ())
