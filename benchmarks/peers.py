"""Speed of opensr-srgan with opensr-utils and of rs_srgan on one scene, in turns: python -m benchmarks.peers.

Needs RS_SRGAN_DATA, and the package index on the first run. Writes a table in docs/benchmarks.md. Nothing else should
run meanwhile.

The peers are installed in an environment of their own. Both sides get random weights, which cost as much as trained
ones, and their default options.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import torch
from huggingface_hub import cached_assets_path

from benchmarks.mosaic import geotiff
from benchmarks.report import ROOT, write_block
from rs_srgan import SISR, SISRConfig
from rs_srgan.evaluation.report.tables import table
from rs_srgan.hub.names import DEFAULT_MODEL

SIDE = 2048
ROUNDS = 2
PEERS = ("opensr-srgan==0.5.1", "opensr-utils==2.1.0")
# The packages that the peers import, without torchvision, which only their VGG loss uses. They require Python 3.12, but
# run with 3.11.
_THEIR_NEEDS = [
    "numpy<2.4",
    "pytorch-lightning",
    "kornia",
    "wandb",
    "hydra-core",
    "omegaconf",
    "matplotlib",
    "rasterio",
    "scikit-image",
    "Pillow",
    "huggingface-hub",
    "einops",
    "tqdm",
    "xarray",
    "requests",
]

_THEIRS = """
import json, sys, time, torch
from opensr_srgan.model.generators.srresnet import SRResNet
from opensr_utils import super_resolve
torch.manual_seed(0)
model = SRResNet(in_channels=4, n_channels=64, n_blocks=16, scaling_factor=4).eval()
started = time.perf_counter()
super_resolve(sys.argv[1], model, sys.argv[2], factor=4, device="cpu", overwrite=True)
print(json.dumps(time.perf_counter() - started))
"""
_OURS = """
import json, sys, time
from rs_srgan import load_model, super_resolve
model = load_model(sys.argv[3])
started = time.perf_counter()
super_resolve(sys.argv[1], sys.argv[2], model, overwrite=True)
print(json.dumps(time.perf_counter() - started))
"""


def peers_python(folder: Path) -> Path:
    """Return the Python of the peers' environment, which the first call creates with the torch that runs here.

    Args:
        folder: folder of the environment.
    """
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "-q"]
        index = ["--extra-index-url", "https://download.pytorch.org/whl/cpu", "--retries", "0"]
        subprocess.run([*pip, *index, f"torch=={torch.__version__}"], check=True)
        subprocess.run([*pip, *_THEIR_NEEDS], check=True)
        subprocess.run([*pip, "--no-deps", "--ignore-requires-python", *PEERS], check=True)
        (folder / "complete").touch()
    return python


def seconds(python: Path | str, code: str, *arguments: str) -> float:
    """Run code that prints its duration, and return it, seconds.

    Args:
        python: the interpreter.
        code: the code; the last line that it prints is the duration as JSON.
        arguments: its command line arguments.

    Raises:
        RuntimeError: the code failed.
    """
    with tempfile.TemporaryDirectory() as folder:  # the peers write to the working directory
        done = subprocess.run(
            [str(python), "-c", code, *arguments], cwd=folder, capture_output=True, text=True, env=_environment(python)
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    took: float = json.loads(done.stdout.splitlines()[-1])
    return took


def _environment(python: Path | str) -> dict[str, str]:
    ours = {"PYTHONPATH": str(ROOT)} if str(python) == sys.executable else {}
    return {**os.environ, **ours, "WANDB_MODE": "disabled"}


def main() -> None:
    """Measure both sides, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--cache", type=Path, default=cached_assets_path("rs_srgan", namespace="benchmarks"))
    options = parser.parse_args()
    python = peers_python(options.cache / "peers")
    scene = str(geotiff(options.cache, SIDE))
    with tempfile.TemporaryDirectory(dir=options.cache) as folder:
        torch.manual_seed(0)
        SISR(SISRConfig(generator="srresnet", channels=64, blocks=16)).eval().save_pretrained(
            f"{folder}/srresnet-16x64"
        )
        out = f"{folder}/out.tif"
        commands = {
            "opensr-srgan 0.5.1 + opensr-utils 2.1.0, SRResNet 16x64": (python, _THEIRS, scene, out),
            "rs_srgan, SRResNet 16x64": (sys.executable, _OURS, scene, out, f"{folder}/srresnet-16x64"),
            f"rs_srgan, {DEFAULT_MODEL}": (sys.executable, _OURS, scene, out, DEFAULT_MODEL),
        }
        took: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                took[name].append(seconds(*command))
                print(name, took[name], flush=True)
    speeds = {name: SIDE**2 / statistics.median(each) / 1e3 for name, each in took.items()}
    theirs = next(iter(speeds.values()))
    rows = [
        [name, " ".join(f"{each:.1f}" for each in took[name]), f"{speed:.1f} k", f"{speed / theirs:.1f}"]
        for name, speed in speeds.items()
    ]
    text = table(["", "seconds, each run", "LR px/s", "times the peers' speed"], rows)
    text += f"\n\n{SIDE} x {SIDE} pixels, four bands, x4, two cores, torch {torch.__version__}; the sides took turns."
    print(text)
    write_block(ROOT / "docs" / "benchmarks.md", "peers", text)


if __name__ == "__main__":
    main()
