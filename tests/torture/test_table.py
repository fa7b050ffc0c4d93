import pytest

from torture.row import Row
from torture.table import PAGE, format_rows, write_rows

WELL = Row("fuzz", "zip", 2000, 2000, (), 9.6)
ILL = Row("load", "page", 10, 9, ("seed 1, request 3: no answer",), 1)


def test_the_table_has_the_figures_and_below_it_what_failed():
    assert format_rows([WELL, ILL]).splitlines() == [
        "| part | attacked | tried | survived | found | seconds |",
        "| ---- | -------: | ----: | -------: | ----: | ------: |",
        "| fuzz |      zip | 2,000 |    2,000 |     0 |      10 |",
        "| load |     page |    10 |        9 |     1 |       1 |",
        "",
        "- load, page: seed 1, request 3: no answer",
    ]


def test_a_row_that_ran_out_of_time_says_how_many_attempts_were_planned():
    assert "| 171 of 2,000 |" in format_rows([Row("fuzz", "zip", 171, 171, (), 60, planned=2000)])
    assert " of " not in format_rows([Row("fuzz", "zip", 171, 171, (), 60, planned=171)])


def test_each_part_has_its_place_on_the_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    write_rows([WELL, ILL], page)
    text = page.read_text(encoding="utf-8")
    fuzz, load = text.index("<!-- torture fuzz -->"), text.index("<!-- torture load -->")
    assert fuzz < text.index("2,000", fuzz) < text.index("<!-- end torture fuzz -->") < load < text.index("request 3")


def test_a_part_without_a_place_is_named(tmp_path):
    (tmp_path / "page.md").write_text("")
    with pytest.raises(ValueError, match="fuzz"):
        write_rows([WELL], tmp_path / "page.md")
