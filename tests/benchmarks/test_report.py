import pytest

from benchmarks.report import read_block, write_block


def test_a_block_is_replaced_and_nothing_else(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("before\n<!-- q -->\nold\nold\n<!-- end q -->\nafter\n")
    write_block(path, "q", r"new \1")
    assert path.read_text() == "before\n<!-- q -->\nnew \\1\n<!-- end q -->\nafter\n"
    assert read_block(path, "q") == r"new \1"


@pytest.mark.parametrize("use", [lambda path: write_block(path, "z", ""), lambda path: read_block(path, "z")])
def test_a_missing_block_is_named(tmp_path, use):
    (tmp_path / "a.md").write_text("text")
    with pytest.raises(ValueError, match=r"\bz\b"):
        use(tmp_path / "a.md")
