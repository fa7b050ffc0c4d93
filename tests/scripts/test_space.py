import re
import zipfile

from packaging.requirements import Requirement

from scripts.space import REQUIREMENTS, make_space, requirements


def wheel_of(folder):
    path = folder / "rs_srgan-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rs_srgan/__init__.py", "")
        archive.writestr("rs_srgan/hub_cards/one/config.json", "{}")
        archive.writestr("rs_srgan/programs/app/__main__.py", "")
        archive.writestr("rs_srgan-1.dist-info/METADATA", "Name: rs_srgan")
    return path


def test_a_space_holds_the_app_and_the_package(tmp_path):
    space = tmp_path / "space"
    make_space(space, wheel_of(tmp_path))
    assert {"app.py", "README.md", "requirements.txt", "rs_srgan"} <= {path.name for path in space.iterdir()}
    assert (space / "rs_srgan" / "hub_cards" / "one" / "config.json").exists()
    assert not (space / "rs_srgan" / "programs").exists()
    assert not (space / "Dockerfile").exists()
    assert (space / "requirements.txt").read_text(encoding="utf-8") == requirements()


def test_requirements_name_packages_of_public_indexes_only():
    names = {Requirement(line).name for line in re.findall(r"^\w.*$", requirements(), re.M)}
    assert {"torch", "gradio", "openvino"} <= names
    assert not names & {"rs_srgan", "rs-srgan"}


def test_the_requirements_of_the_app_are_those_of_the_project():
    assert REQUIREMENTS.read_text(encoding="utf-8") == requirements(), "run python -m scripts.space"
