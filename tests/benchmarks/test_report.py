import re

import pytest

from benchmarks.quality import overview
from benchmarks.report import ROOT, read_block, write_block
from rs_srgan.evaluation.report.tables import table
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import load_model
from rs_srgan.publishing.card import CARD_FILE, render


def test_a_table_is_markdown():
    assert table(("a", "b"), [("x", "1")]) == "| a   |   b |\n| --- | --: |\n| x   |   1 |"


def test_a_block_is_replaced_and_nothing_else(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("before\n<!-- q -->\nold\nold\n<!-- end q -->\nafter\n")
    write_block(path, "q", r"new \1")
    assert path.read_text() == "before\n<!-- q -->\nnew \\1\n<!-- end q -->\nafter\n"
    assert read_block(path, "q") == r"new \1"
    with pytest.raises(ValueError, match="no block named z"):
        write_block(path, "z", "")


@pytest.mark.parametrize("name", list(catalogue()))
def test_no_card_is_stale(name):
    folder = ROOT / "hub_cards" / name
    assert (folder / CARD_FILE).read_text() == render(folder), "run python -m benchmarks.cards"


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_figures_are_of_these_weights(name):
    assert catalogue()[name].metrics.fingerprint == load_model(name).fingerprint(), "run python -m benchmarks.quality"


def test_the_readme_quotes_the_measured_figures():
    assert read_block(ROOT / "README.md", "quality") == overview({m.name: m.metrics for m in catalogue().values()})


def test_links_in_the_documents_lead_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
