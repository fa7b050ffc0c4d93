from torture.deadline import Deadline
from torture.faults.attempts import try_all


def test_failures_are_counted_and_named_with_the_seed():
    def attempt(number, chance, chosen):
        if chosen == "breaks":
            raise OSError("gone")
        return "lost a pixel" if chosen == "bad" else ""

    row = try_all("disk", 7, ["good", "bad", "breaks", "good"], attempt)
    assert (row.part, row.subject, row.tried, row.survived) == ("faults", "disk", 4, 2)
    assert row.found[0] == "seed 7, attempt 1: lost a pixel"
    assert "gone" in row.found[1]


def test_after_a_deadline_no_attempt_begins_and_the_row_says_how_many_were_planned():
    row = try_all("disk", 7, range(5), lambda number, chance, _: "bad", until=Deadline.after(0))
    assert (row.tried, row.survived, row.planned, row.found) == (0, 0, 5, ())


def test_the_same_seed_makes_the_same_choices():
    def choices(seed):
        made = {}
        try_all("disk", seed, range(5), lambda number, chance, _: made.setdefault(number, str(chance.random())) and "")
        return made

    assert choices(1) == choices(1) != choices(2)
