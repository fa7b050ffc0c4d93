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


def test_the_same_seed_makes_the_same_choices():
    def choices(seed):
        made = {}
        try_all("disk", seed, range(5), lambda number, chance, _: made.setdefault(number, str(chance.random())) and "")
        return made

    assert choices(1) == choices(1) != choices(2)
