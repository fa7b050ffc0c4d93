"""Make the folder of a Hugging Face Space from a wheel: python -m scripts.space FOLDER [--wheel WHEEL].

A Space installs requirements.txt before it copies the other files, so requirements.txt can name neither a folder nor a
wheel of the Space. Therefore the Space holds the packages themselves, as the wheel has them, and requirements.txt names
only what they need.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email import message_from_bytes
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


def requirements_of(wheel: Path) -> str:
    """Return requirements.txt: what the package and its extras for the app need, as the wheel states it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        stated = message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])
    needed = set()
    for requirement in map(Requirement, stated):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in _EXTRAS):
            needed.add(f"{requirement.name}{_in_brackets(requirement.extras)}{requirement.specifier}")
    return _HEADER + "\n".join(sorted(needed, key=str.lower)) + "\n"


def make_space(folder: Path, wheel: Path) -> None:
    """Put the files of the Space into a new or empty folder."""
    shutil.copytree(ROOT / "app", folder, ignore=shutil.ignore_patterns(*_NOT_COPIED), dirs_exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        inside = [name for name in archive.namelist() if name.startswith("rs_srgan/")]
        archive.extractall(folder, [name for name in inside if not name.startswith("rs_srgan/programs/")])
    (folder / "requirements.txt").write_text(requirements_of(wheel), encoding="utf-8")


def _in_brackets(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


def main() -> None:
    """Build the wheel if none is given, make the folder, and renew app/requirements.txt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="new or empty folder of the Space")
    parser.add_argument("--wheel", type=Path, metavar="WHEEL", help="wheel of rs_srgan; by default this checkout's")
    options = parser.parse_args()
    if options.folder.exists() and any(options.folder.iterdir()):
        parser.error(f"{options.folder} is not empty; expected a new or empty folder")
    with tempfile.TemporaryDirectory() as scratch:
        wheel = options.wheel or build_wheel(Path(scratch))
        make_space(options.folder, wheel)
        REQUIREMENTS.write_text(requirements_of(wheel), encoding="utf-8")
    sys.stdout.write(f"{options.folder}\n")


if __name__ == "__main__":
    main()
