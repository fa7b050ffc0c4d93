import re

import pytest

from benchmarks.quality import overview
from benchmarks.report import ROOT, read_block
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import load_model


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_figures_are_of_the_bundled_weights(name):
    assert catalogue()[name].metrics.fingerprint == load_model(name).fingerprint(), "run python -m benchmarks.quality"


def test_the_readme_quotes_the_measured_figures():
    expected = overview({model.name: model.metrics for model in catalogue().values()})
    assert read_block(ROOT / "README.md", "quality") == expected


def test_links_in_the_documents_lead_to_files():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
