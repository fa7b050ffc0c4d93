"""The audits of what the project is made of: in `make torture`, because they need tools and an index."""

import tomllib

import pytest

from benchmarks.report import ROOT
from torture.deadline import NEVER
from torture.supply import CONSTRAINTS, run


def test_the_tools_are_an_extra_of_their_own():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    tools = {"bandit", "pip-audit", "cyclonedx-bom", "uv"}
    assert {each.partition(">")[0] for each in extras["audit"]} == tools
    assert [extra for extra, needs in extras.items() if extra != "audit" and tools & {*map(str, needs)}] == []
    assert CONSTRAINTS.is_file()


@pytest.mark.slow
def test_a_quick_run_finds_nothing():
    """Ten seconds: python -m pytest -m slow tests/torture/test_supply.py."""
    rows = run(0, quick=True, until=NEVER)
    assert [row.found for row in rows] == [(), ()]
    assert all(row.survived == row.tried > 1 for row in rows)
