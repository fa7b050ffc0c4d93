import pytest

from benchmarks.report import ROOT, read_block
from benchmarks.understand import blur, reach

PAGES = ROOT / "docs" / "understand"


@pytest.mark.parametrize(
    ("page", "name", "made"),
    [
        ("sensor_model", "blur", blur),
        pytest.param("tiling", "reach", reach, marks=pytest.mark.slow),  # loads all models
    ],
)
def test_the_tables_are_those_of_the_code(page, name, made):
    """Run the slow one by name: python -m pytest -m slow tests/benchmarks/test_understand.py."""
    assert read_block(PAGES / f"{page}.md", name) == made(), "run python -m benchmarks.understand"
