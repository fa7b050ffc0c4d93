import re
import tomllib
import zipfile

from packaging.requirements import Requirement

from scripts.space import REQUIREMENTS, ROOT, make_space, requirements_of

METADATA = """\
Metadata-Version: 2.4
Name: rs_srgan
Requires-Dist: numpy>=1.26
Requires-Dist: gradio<7,>=6; extra == 'app'
Requires-Dist: lightning; extra == 'train'
"""


def wheel_of(folder):
    path = folder / "rs_srgan-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rs_srgan/__init__.py", "")
        archive.writestr("rs_srgan/hub_cards/one/config.json", "{}")
        archive.writestr("rs_srgan/programs/app/__main__.py", "")
        archive.writestr("rs_srgan-1.dist-info/METADATA", METADATA)
    return path


def test_a_space_holds_the_app_and_the_package(tmp_path):
    space = tmp_path / "space"
    make_space(space, wheel_of(tmp_path))
    assert {"app.py", "README.md", "requirements.txt", "rs_srgan"} <= {path.name for path in space.iterdir()}
    assert (space / "rs_srgan" / "hub_cards" / "one" / "config.json").exists()
    assert not (space / "rs_srgan" / "programs").exists()
    assert not (space / "Dockerfile").exists()


def test_requirements_are_those_of_the_app(tmp_path):
    lines = requirements_of(wheel_of(tmp_path)).splitlines()
    assert [line for line in lines if not line.startswith(("#", "--"))] == ["gradio<7,>=6", "numpy>=1.26"]


def test_requirements_of_the_app_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    stated = map(Requirement, [*project["dependencies"], *extras["app"], *extras["cpu"]])
    lines = re.findall(r"^\w.*$", REQUIREMENTS.read_text(encoding="utf-8"), re.M)
    listed = {Requirement(line).name.replace("_", "-").lower(): Requirement(line).specifier for line in lines}
    assert listed == {each.name.replace("_", "-").lower(): each.specifier for each in stated}, (
        "run python -m scripts.space build/space"
    )
