"""The pins of the app's image."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.pins import CONSTRAINTS, ROOT, TORCH, split_pins

PINS = """\
a-b==1.0 \\
    --hash=sha256:11 \\
    --hash=sha256:22
nvidia-cublas==13.1 \\
    --hash=sha256:33
torch==2.9.0+cpu \\
    --hash=sha256:44
zlib_ng==2 ; sys_platform == 'linux' \\
    --hash=sha256:55
"""


def test_pytorch_and_its_cuda_are_left_out_and_the_rest_stays():
    constraints, torch = split_pins(PINS)
    kept = constraints.split("\n", 2)[2]
    assert kept == PINS[: PINS.index("nvidia")] + PINS[PINS.index("zlib") :]
    assert torch.endswith("torch==2.9.0\n")


def test_every_package_has_one_version_and_hashes():
    text = "\n".join(line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#"))
    entries = re.split(r"\n(?=\w)", text.replace("\\\n", " ").strip())
    assert len(entries) > 50
    assert [
        entry
        for entry in entries
        if not re.fullmatch(r"[\w.\[\],-]+==\S+( ; [^-]+)?( +--hash=sha256:\w{64})+ *", entry)
    ] == []


def test_the_pins_are_within_the_bounds_of_the_project():
    """After a change of pyproject.toml: python -m scripts.pins."""
    pinned = {}
    for file in (CONSTRAINTS, TORCH):
        pinned |= {
            canonicalize_name(name): version
            for name, version in re.findall(r"^([\w.-]+)==(\S+)", file.read_text(), re.M)
        }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [
        *project["dependencies"],
        *(each for extra in ("app", "cpu") for each in project["optional-dependencies"][extra]),
    ]
    wrong = [
        each
        for each in map(Requirement, stated)
        if not each.specifier.contains(pinned.get(canonicalize_name(each.name), "0"))
    ]
    assert wrong == []


def test_the_image_installs_only_what_is_pinned():
    steps = re.findall(r"pip install (.*?)(?:\n|$)", (ROOT / "app" / "Dockerfile").read_text())
    assert any("--require-hashes" in step and "constraints.txt" in step for step in steps)
    assert all("-r torch.txt" in step or "--no-deps" in step for step in steps)
