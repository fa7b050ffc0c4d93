"""Fixtures for several test files: a small model with a visible effect, and generated rasters."""

import os
import re
import tempfile

# Processes of pytest-xdist share the processor cores. If they start more threads than there are cores, OpenMP's threads
# wait in busy loops: tests of generators took 48 s of processor time instead of 29 s. Set before torch is imported.
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(workers))))
# `make test` uses no accelerator, also on machines that have one.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import tests.rs_srgan.hub.address  # noqa: F401  # before huggingface_hub

# Keep converted graphs of the small test models out of the user's cache.
os.environ["HF_ASSETS_CACHE"] = tempfile.mkdtemp(prefix="rs_srgan_tests_")

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine

from rs_srgan import SISR, SISRConfig

UTM_10M = Affine(10, 0, 600_000, 0, -10, 5_100_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first, so that the processes of pytest-xdist end at about the same time."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


@pytest.fixture
def model() -> SISR:
    """A small model with a tail large enough that its residual changes every pixel."""
    torch.manual_seed(0)
    model = SISR(SISRConfig(channels=16, blocks=2)).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    return model


@pytest.fixture
def model_folder(model: SISR, tmp_path: Path) -> Path:
    folder = tmp_path / "small-model"
    model.save_pretrained(folder)
    return folder


def scene_dn(height: int, width: int, bands: int = 4, seed: int = 0) -> np.ndarray:
    """Return DN of smooth land with sharp edges and a bright roof, (bands, height, width), uint16."""
    random = np.random.default_rng(seed)
    rows, cols = np.mgrid[:height, :width]
    land = 900 + 400 * np.sin(rows / 7) * np.cos(cols / 5) + 600 * ((rows // 9 + cols // 11) % 2)
    dn = np.stack([land * (1 + 0.3 * band) + random.normal(0, 30, land.shape) for band in range(bands)])
    dn[:, height // 2, width // 2] = 12_500  # reflectance above 1 is legal
    return dn.clip(1, 65_535).astype(np.uint16)


@pytest.fixture
def write_tif(tmp_path: Path) -> Callable[..., Path]:
    def write(pixels: np.ndarray, name: str = "scene.tif", bands=("B04", "B03", "B02", "B08"), **profile) -> Path:
        path = tmp_path / name
        scales, offsets = profile.pop("scales", None), profile.pop("offsets", None)
        options = {"driver": "GTiff", "crs": "EPSG:32632", "transform": UTM_10M} | profile
        count, height, width = pixels.shape
        with rasterio.open(path, "w", count=count, height=height, width=width, dtype=pixels.dtype, **options) as out:
            out.write(pixels)
            if bands:
                out.descriptions = bands
            if scales:
                out.scales = scales
            if offsets:
                out.offsets = offsets
        return path

    return write


def squeeze(markdown: str) -> str:
    """Return the text of tables without the spaces that align their columns."""
    return re.sub(r" +", " ", markdown)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with real imagery; the test is skipped without it."""
    root = os.environ.get("RS_SRGAN_DATA", "")
    if not root or not Path(root).is_dir():
        pytest.skip("RS_SRGAN_DATA does not name a folder with real imagery")
    return Path(root)
