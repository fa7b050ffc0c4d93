"""The guides name files that exist, and the commit that CONTRIBUTING.md shows works."""

import re
from pathlib import Path

import pytest

from rs_srgan.sensors import SENSORS

ROOT = Path(__file__).parents[1]
GUIDES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "app" / "README.md"]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def added_files(diff: str) -> dict[str, str]:
    """Return the lines that a diff adds, by file."""
    found: dict[str, list[str]] = {}
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            lines = found.setdefault(line.removeprefix("+++ b/"), [])
        elif line.startswith("+"):
            lines.append(line[1:])
    return {name: "\n".join(lines) for name, lines in found.items()}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.relative_to(ROOT).as_posix())
def test_links_lead_to_files(guide):
    targets = re.findall(r"\]\((?!http)([^)#]+)", guide.read_text(encoding="utf-8"))
    assert [target for target in targets if not (guide.parent / target).exists()] == []


@pytest.mark.parametrize("text", [CONTRIBUTING, ARCHITECTURE], ids=["CONTRIBUTING.md", "architecture.md"])
def test_named_files_exist(text):
    names = {name for name in re.findall(r"`([\w./]+/[\w./]*)`", text) if "NAME" not in name}
    folders = [ROOT, ROOT / "rs_srgan", ROOT / "app"]
    assert [name for name in sorted(names) if not any((folder / name).exists() for folder in folders)] == []


@pytest.mark.parametrize("package", ["rs_srgan", "app"])
def test_every_room_is_described(package):
    rooms = {path.name for path in (ROOT / package).iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    described = set(re.findall(r"^  (\w+)/ ", ARCHITECTURE.split(f"\n{package}/ ")[1].split("\ntrain/ ")[0], re.M))
    assert rooms <= described


@pytest.mark.parametrize("name", ["GENERATORS", "SENSORS", "TERMS", "ReconstructionWeights", "SUFFIXES", "_SIGNATURES"])
def test_named_registries_exist(name):
    assert name in CONTRIBUTING
    files = [path for folder in ("rs_srgan", "train") for path in (ROOT / folder).rglob("*.py")]
    sources = [file.read_text(encoding="utf-8") for file in files]
    assert any(re.search(rf"^(class )?{name}\b", source, re.M) for source in sources)


def test_the_sensor_of_the_example_commit_works(monkeypatch):
    diff = re.search(r"```diff\n(.*?)```", CONTRIBUTING, re.S)[1]
    files = added_files(diff)
    registry = (ROOT / "rs_srgan" / "sensors" / "__init__.py").read_text(encoding="utf-8")
    removed = re.findall(r"^-(?!--)(.*)$", diff, re.M)
    assert [line for line in removed if line not in registry] == []
    sensor: dict = {}
    exec(files["rs_srgan/sensors/landsat_tm.py"], sensor)
    monkeypatch.setitem(SENSORS, "landsat-tm", sensor["LANDSAT_TM"])
    test: dict = {}
    exec(files["tests/rs_srgan/sensors/test_landsat_tm.py"], test)
    test["test_bands_are_found_by_their_colours"]()
