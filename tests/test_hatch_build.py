"""hatch_build.py: what a package index shows of README.md."""

import re
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

from hatch_build import RepositoryMetadata, addresses, for_package_index

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "https://example.org/us/rs_srgan"


def targets(markdown: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", markdown)


def test_links_and_pictures_become_absolute_and_lead_to_files():
    made = targets(for_package_index(README, ADDRESS))
    assert len(made) == len(targets(README))
    assert all(target.startswith("https://") for target in made)
    inside = [target.removeprefix(f"{ADDRESS}/") for target in made if target.startswith(ADDRESS)]
    assert {name.split("/")[0] for name in inside} == {"raw", "blob"}
    assert all((ROOT / name.split("/main/")[1].split("#")[0]).exists() for name in inside)
    assert all(name.startswith("raw/") == name.endswith(".png") for name in inside)


def test_without_an_address_the_text_of_links_stays_and_pictures_go():
    made = for_package_index(README, "")
    assert all(target.startswith("https://") for target in targets(made))
    assert "![" not in made and "](" in made
    assert "`sisr-x2-20m`" in made and "the dark theme" not in made
    assert not re.search(r"^\| *\| *\|$", made, re.M)


@pytest.mark.parametrize("markdown", ["[a](https://example.org)", "[a](#part)", "`x[0](1)`"[:4], "plain"])
def test_other_text_stays(markdown):
    assert for_package_index(markdown, ADDRESS) == for_package_index(markdown, "") == markdown


def test_a_picture_in_a_link_is_followed():
    made = for_package_index("[![alt](docs/app.png)](docs/app.md#part)", ADDRESS)
    assert made == f"[![alt]({ADDRESS}/raw/main/docs/app.png)]({ADDRESS}/blob/main/docs/app.md#part)"


def test_the_hook_sets_the_metadata(tmp_path):
    (tmp_path / "README.md").write_text("# Name\n\n[guide](docs/guide.md)\n")
    metadata: dict = {}
    RepositoryMetadata(str(tmp_path), {"address": ADDRESS, "urls": {"Predecessor": "https://example.org"}}).update(
        metadata
    )
    assert metadata["readme"]["text"] == f"# Name\n\n[guide]({ADDRESS}/blob/main/docs/guide.md)\n"
    assert metadata["urls"] == {"Predecessor": "https://example.org", **addresses(ADDRESS)}
    assert addresses("") == {}
