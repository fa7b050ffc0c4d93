"""The version: one place names it, and packages, commands and results have it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import rasterio

import rs_srgan
from rs_srgan import super_resolve
from rs_srgan.version import __version__
from tests.conftest import scene_dn

ROOT = Path(__file__).parents[2]


def test_packages_are_built_with_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" in project["project"]["dynamic"]
    named = ROOT / project["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{__version__}"' in named.read_text()
    assert named == Path(sys.modules["rs_srgan.version"].__file__)


def test_it_has_three_numbers():
    assert len([int(number) for number in __version__.split(".")]) == 3


def test_the_command_and_the_package_name_it():
    assert rs_srgan.__version__ == __version__
    command = [sys.executable, "-m", "rs_srgan", "--version"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == f"rs-srgan {__version__}\n"


def test_a_result_names_it(write_tif, model, tmp_path):
    super_resolve(write_tif(scene_dn(8, 8)), tmp_path / "sr.tif", model)
    with rasterio.open(tmp_path / "sr.tif") as result:
        assert result.tags()["TIFFTAG_SOFTWARE"] == f"rs_srgan {__version__}"
