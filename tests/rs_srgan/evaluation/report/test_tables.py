from rs_srgan.evaluation.report.tables import table, wrapped


def test_a_table_is_markdown_with_aligned_columns():
    assert table(("a", "b"), [("x", "1")]) == "| a   |   b |\n| --- | --: |\n| x   |   1 |"


def test_a_bar_in_a_cell_does_not_end_the_cell():
    assert table(("name",), [("b|c",)]).splitlines()[-1] == "| b\\|c |"


def test_paragraphs_are_wrapped_without_breaking_words():
    text = wrapped("super-resolution " * 20)
    assert max(map(len, text.splitlines())) <= 120
    assert set(text.split()) == {"super-resolution"}
