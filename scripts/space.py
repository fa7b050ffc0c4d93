"""Make the folder of a Hugging Face Space from the wheel: python -m scripts.space [FOLDER].

Without FOLDER, the command only renews app/requirements.txt.

A Space installs requirements.txt before it copies the other files, so requirements.txt can name neither a folder nor a
wheel of the Space. Therefore the Space holds the packages themselves, as the wheel has them, and requirements.txt names
only what they need.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "app" / "requirements.txt"
_EXTRAS = ("app", "cpu")
_HEADER = """\
# What the Space installs: made of pyproject.toml by `python -m scripts.space`. PyTorch's CPU build is preferred.
--extra-index-url https://download.pytorch.org/whl/cpu
"""
# In the folder app, but not of the app.
_NOT_COPIED = ("Dockerfile", "__pycache__")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout in a folder, and return its path."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("rs_srgan-*.whl"))


def requirements() -> str:
    """Return requirements.txt: what the package and its extras for the app need, as pyproject.toml states it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [
        *project["dependencies"],
        *(each for extra in _EXTRAS for each in project["optional-dependencies"][extra]),
    ]
    return _HEADER + "\n".join(sorted({str(Requirement(each)) for each in stated}, key=str.lower)) + "\n"


def make_space(folder: Path, wheel: Path) -> None:
    """Put the files of the Space into a new or empty folder."""
    shutil.copytree(ROOT / "app", folder, ignore=shutil.ignore_patterns(*_NOT_COPIED), dirs_exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        inside = [name for name in archive.namelist() if name.startswith("rs_srgan/")]
        archive.extractall(folder, [name for name in inside if not name.startswith("rs_srgan/programs/")])
    (folder / "requirements.txt").write_text(requirements(), encoding="utf-8")


def main() -> None:
    """Renew app/requirements.txt, and make the folder if one is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="new or empty folder of the Space")
    folder = parser.parse_args().folder
    if folder and folder.exists() and any(folder.iterdir()):
        parser.error(f"{folder} is not empty; expected a new or empty folder")
    REQUIREMENTS.write_text(requirements(), encoding="utf-8")
    if folder:
        with tempfile.TemporaryDirectory() as scratch:
            make_space(folder, build_wheel(Path(scratch)))
        sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
