"""The files for contributors and releases: they agree with the project and with each other."""

import re
from pathlib import Path

import pytest
import yaml

from rs_srgan.version import __version__

ROOT = Path(__file__).parents[1]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == __version__
    assert {"cff-version", "message", "title", "authors", "license"} <= citation.keys()


def test_hooks_before_a_commit_are_the_steps_of_lint():
    (repo,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    steps = re.search(r"^lint:.*\n((?:\t.*\n)+)", read("Makefile"), re.M)[1].replace("$(BIN)", ".venv/bin")
    assert [hook["entry"] for hook in repo["hooks"]] == [step.strip() for step in steps.splitlines()]


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem
)
def test_forms_for_issues_are_complete(form):
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    if form.stem != "config":
        assert {"name", "description", "body"} <= content.keys()
        identities = [field["id"] for field in content["body"] if field["type"] != "markdown"]
        assert len(identities) == len(set(identities)) > 1


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) <= 120


def test_the_readme_quotes_the_measured_speeds():
    peers = re.search(r"<!-- peers -->\n(.*?)<!-- end peers -->", read("docs/benchmarks.md"), re.S)[1]
    quoted = re.findall(r"\b\d+\.\d k\b", read("README.md"))
    assert len(quoted) >= 3
    assert [speed for speed in quoted if speed not in peers] == []
