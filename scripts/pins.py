"""Pin what the image of the app installs: python -m scripts.pins. It needs uv, from the extra `audit`, and an index.

Packages that are installed here get the version that they have here, because that one was tested.

app/constraints.txt gets the version and the hashes of every package but PyTorch; app/torch.txt gets PyTorch's version.
Which build of PyTorch is installed depends on the machine, and the CPU build is on an index of its own.
"""

import re
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from scripts.space import requirements

ROOT = Path(__file__).parents[1]
CONSTRAINTS, TORCH = ROOT / "app" / "constraints.txt", ROOT / "app" / "torch.txt"
# For the image's Python. Wheels only, because a source archive runs a program when it is installed.
_OPTIONS = (
    "--quiet --generate-hashes --no-annotate --no-header --no-emit-index-url --only-binary :all: "
    "--python-version 3.12 --python-platform linux"
)
_HEADER = """\
# Every package that the image of the app installs, with the hashes of its files: made of pyproject.toml by
# `python -m scripts.pins`. PyTorch is in torch.txt. Its CUDA libraries are in neither: the CPU build has none.
"""
_TORCH_HEADER = "# PyTorch in the image of the app: made by `python -m scripts.pins`. The build depends on the index.\n"
# PyTorch, and what only its build for GPUs needs.
_GPU = re.compile(r"(torch|triton|nvidia-.*|cuda-.*)")
_PIN = re.compile(r"^([\w.-]+)(\[[\w,]+\])?==(\S+).*?(?=^[\w#]|\Z)", re.M | re.S)


def compile_pins(wanted: str, tested: str) -> str:
    """Return pins with hashes of some requirements and of all that they need, as uv writes them.

    Args:
        wanted: the requirements, one on a line.
        tested: requirements that hold if a package is needed, one on a line.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write(tested)
        constraints.flush()
        command = [sys.executable, "-m", "uv", "pip", "compile", *_OPTIONS.split(), "-c", constraints.name, "-"]
        return subprocess.run(command, input=wanted, capture_output=True, text=True, check=True).stdout


def installed() -> str:
    """Return the packages of this environment with their versions, without those of local builds."""
    found = {each.name: each.version.partition("+")[0] for each in distributions() if each.name != "rs_srgan"}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def split_pins(pins: str) -> tuple[str, str]:
    """Return the texts of constraints.txt and of torch.txt.

    Args:
        pins: pins with hashes, as uv writes them.
    """
    kept, torch = [], ""
    for pin in _PIN.finditer(pins):
        if pin[1] == "torch":
            torch = f"torch=={pin[3].partition('+')[0]}\n"
        elif not _GPU.fullmatch(pin[1]):
            kept.append(pin[0])
    return _HEADER + "".join(kept), _TORCH_HEADER + torch


def main() -> None:
    """Write both files."""
    wanted = "\n".join(line for line in requirements().splitlines() if not line.startswith("--"))
    constraints, torch = split_pins(compile_pins(wanted, installed()))
    CONSTRAINTS.write_text(constraints, encoding="utf-8")
    TORCH.write_text(torch, encoding="utf-8")


if __name__ == "__main__":
    main()
