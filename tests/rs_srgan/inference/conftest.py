"""Fixtures and helpers of several test files of inference."""

import numpy as np
import pytest
import rasterio
import torch
from rasterio.warp import transform_bounds

from rs_srgan import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window, crop_replicated
from rs_srgan.sensors.sentinel2 import RGBN
from tests.conftest import scene_dn
from train.calibration import calibrate
from train.quantization import quantized


def pixels(path):
    with rasterio.open(path) as dataset:
        return dataset.read().astype(int)


@pytest.fixture
def at_every_tile(monkeypatch):
    """Settle the result after every tile."""
    monkeypatch.setattr("rs_srgan.inference.work.CHECKPOINT_SECONDS", 0)


def in_degrees(path, window):
    with rasterio.open(path) as dataset:
        return transform_bounds(dataset.crs, "OGC:CRS84", *rasterio.windows.bounds(window, dataset.transform))


# Finer than any of Sentinel-2's own, and signed: nothing is clipped.
FINE = Encoding("int16", (5e-5,) * 4, (0.0,) * 4, None)


BASELINE_4 = Encoding("uint16", (1e-4,) * 4, (-0.1,) * 4, 0)


@pytest.fixture
def window(model):
    image = scene_dn(60, 70).astype(np.float32) / 10_000
    return crop_replicated(image, Window(10, 12, 32, 40).grown(model.receptive_field))


FUSION = SISRConfig(scale=2, bands=("B05", "B06", "B07", "B8A", "B11", "B12"), guide_bands=RGBN, channels=16, blocks=2)


@pytest.fixture
def fusion():
    torch.manual_seed(0)
    model = SISR(FUSION).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    return model


@pytest.fixture
def int8_model(model, window):
    """The small model with layers that can round to 8 bits, and ranges for the window."""
    made = quantized(model).eval()
    calibrate(made, [(torch.from_numpy(window)[None],)])
    return made


@pytest.fixture
def misr():
    """A small model of several images, which does nothing useful."""
    return MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
