import json
import re

import pytest

from benchmarks.quality import by_site, summary
from benchmarks.report import ROOT, read_block, table, write_block
from rs_srgan.hub import DEFAULT_MODEL, METRICS_FILE, catalogue


def test_a_table_is_markdown():
    assert table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_a_block_is_replaced_and_nothing_else(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("before\n<!-- q -->\nold\nold\n<!-- end q -->\nafter\n")
    write_block(path, "q", r"new \1")
    assert path.read_text() == "before\n<!-- q -->\nnew \\1\n<!-- end q -->\nafter\n"
    assert read_block(path, "q") == r"new \1"
    with pytest.raises(ValueError, match="no block named z"):
        write_block(path, "z", "")


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_card_quotes_the_measured_figures(name):
    folder = ROOT / "hub_cards" / name
    metrics = json.loads((folder / METRICS_FILE).read_text())
    assert read_block(folder / "README.md", "quality") == by_site(metrics)
    if name == DEFAULT_MODEL:
        assert read_block(ROOT / "README.md", "quality") == summary(metrics)


def test_links_in_the_documents_lead_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
