from torture.numbers.attempts import check_all


def test_failures_are_counted_and_named():
    row = check_all("tiles", [("a", lambda: ""), ("b", lambda: "a seam"), ("c", lambda: str(1 // 0))])
    assert (row.part, row.subject, row.tried, row.survived) == ("numbers", "tiles", 3, 1)
    assert row.found[0] == "b: a seam" and row.found[1].startswith("c: ZeroDivisionError")
