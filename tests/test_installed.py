"""Installed packages work: the wheel in its own virtual environment, and the other major version of huggingface_hub.

The tests need a package index. They borrow the packages that are already installed, which saves gigabytes.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import huggingface_hub
import pytest

from rs_srgan import SISR, SISRConfig, load_model
from rs_srgan.models.catalogue import catalogue
from tests.train.data.makers import pair_folder

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
HUB_TESTS = (
    "tests/rs_srgan/hub",
    "tests/rs_srgan/publishing/test_push.py",
    "tests/rs_srgan/end_to_end/test_hub_story.py",
)


def environment_with(folder: Path, *packages: str) -> Path:
    """Create a virtual environment that prefers these packages and borrows all others; return its Python."""
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(
        sysconfig.get_path("purelib")
    )  # Python ignores .pth files inside, so the checkout stays out
    install = ["install", "--quiet", "--ignore-installed", "--prefix", str(folder), *packages]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    return folder / "bin" / "python"


def run(python: Path, *arguments: str, **options) -> str:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = clean | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(python.parents[1] / "cache")}
    process = subprocess.run([str(python), *arguments], env=environment, capture_output=True, text=True, **options)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the Python of an environment with the wheel; all tests share it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True)
    (wheel,) = folder.glob("rs_srgan-*.whl")
    return environment_with(folder / "clean", "--no-deps", str(wheel))


def test_the_wheel_contains_the_models_and_loads_them_offline(installed, tmp_path):
    python = installed
    code = (
        "import rs_srgan.models.loading, rs_srgan.publishing.card\n"
        "print(rs_srgan.__file__)\n"
        "for each in rs_srgan.models.catalogue.catalogue().values():\n"
        "    card = rs_srgan.publishing.card.render(each.folder)\n"
        "    print(each.name, rs_srgan.load_model(each.name).fingerprint(), card.startswith('---'))"
    )
    where, *models = run(python, "-c", code, cwd=tmp_path).splitlines()
    assert Path(where).is_relative_to(python.parents[1])
    assert models == [f"{each.name} {each.metrics.fingerprint} True" for each in catalogue().values()]
    printed = run(python.with_name("rs-srgan"), "models", cwd=tmp_path)
    assert all(name in printed for name in catalogue())


@pytest.mark.parametrize(("program", "package"), [("rs-srgan-app", "app"), ("rs-srgan-train", "train")])
def test_the_wheel_starts_its_programs(installed, tmp_path, program, package):
    for own in ("app", "train"):
        (tmp_path / f"{own}.py").write_text("raise SystemExit('another program of that name')")
    assert f"usage: python -m {package}" in run(installed.with_name(program), "--help", cwd=tmp_path)


def test_the_wheel_fine_tunes_a_model(installed, tmp_path):
    pair_folder(tmp_path / "pairs", count=3, side=96)
    SISR(SISRConfig(channels=16, blocks=1)).save_pretrained(tmp_path / "start")
    words = ["finetune", "pairs", "-o", "run", "--model", "start", "--steps", "1"]
    assert run(installed.with_name("rs-srgan"), *words, cwd=tmp_path) == "run/model\n"
    assert load_model(tmp_path / "run" / "model").config.scale == 4


def test_the_hub_tests_pass_with_the_other_major_version_of_huggingface_hub(tmp_path):
    other = "1.16.*" if huggingface_hub.__version__.startswith("2.") else "2.*"
    python = environment_with(tmp_path / "other", f"huggingface_hub=={other}")
    printed = run(python, "-c", "import huggingface_hub; print(huggingface_hub.__version__)", cwd=tmp_path)
    assert printed.startswith(other.rstrip("*"))
    process = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *HUB_TESTS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout[-3000:]
