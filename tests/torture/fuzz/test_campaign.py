from torture.deadline import Deadline
from torture.fuzz.campaign import attack, row_of
from torture.fuzz.outcome import Outcome


def test_a_reader_is_attacked_in_a_process_of_its_own(tmp_path):
    row = attack("GeoJSON", 7, 20, tmp_path)
    assert (row.part, row.tried, row.survived, row.found) == ("fuzz", 20, 20, ())


def test_the_row_tells_what_was_refused_and_what_failed():
    row = row_of("zip", [Outcome(0), Outcome(1, refused=True), Outcome(2, "crash: x"), Outcome(3, refused=True)], 7, 1)
    assert row.subject == "zip (50% refused)" and (row.tried, row.survived) == (4, 3)
    assert row.found == ("crash: x (1 times, first with seed 7, input 2)",)


def test_after_a_deadline_no_input_is_read(tmp_path):
    row = attack("GeoJSON", 7, 20, tmp_path, Deadline.after(0))
    assert (row.tried, row.survived, row.planned) == (0, 0, 20)
