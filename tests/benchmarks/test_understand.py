import pytest

from benchmarks.report import ROOT, read_block
from benchmarks.understand import blur, reach

PAGES = ROOT / "docs" / "understand"


@pytest.mark.parametrize(("page", "name", "made"), [("sensor_model", "blur", blur), ("tiling", "reach", reach)])
def test_the_tables_are_those_of_the_code(page, name, made):
    assert read_block(PAGES / f"{page}.md", name) == made(), "run python -m benchmarks.understand"
