"""Runs where every warning is an error, also those that Python hides by default."""

import gc
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from affine import Affine

from rs_srgan import MISR, InputError, MISRConfig, super_resolve
from rs_srgan.reading.inspection import inspect_image
from tests.conftest import UTM_10M, scene_dn

BANDS = ("B04", "B03", "B02", "B08")


@pytest.fixture(autouse=True)
def _strict():
    gc.collect()  # what other tests left open would be found, and counted, in these
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def scene(write_tif):
    return write_tif(scene_dn(40, 48), "scene.tif", bands=BANDS)


def test_a_part_of_a_scene(model, scene, tmp_path):
    west, south, east, north = inspect_image(scene, BANDS).footprint
    middle = ((west + east) / 2, (south + north) / 2, east, north)
    super_resolve(scene, tmp_path / "part.tif", model, bbox=middle, engine="torch")


def test_revisits_on_different_grids(scene, write_tif, tmp_path):
    moved = Affine(10, 0, UTM_10M.c + 53, 0, -10, UTM_10M.f - 26)
    other = write_tif(scene_dn(40, 48, seed=1), "other.tif", bands=BANDS, transform=moved)
    far = write_tif(scene_dn(40, 48, seed=2), "zone.tif", bands=BANDS, crs="EPSG:32633")
    torch.manual_seed(0)
    model = MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
    super_resolve([scene, other], tmp_path / "together.tif", model, engine="torch")
    with pytest.raises(InputError, match="nothing"):
        super_resolve([scene, far], tmp_path / "apart.tif", model, engine="torch")


def test_an_inspection(scene):
    assert inspect_image(scene, BANDS).bands


def test_a_prediction_of_arrays_and_files(model, scene):
    model.predict(np.full((4, 8, 8), 0.1, np.float32))
    model.predict(scene)


@pytest.mark.skipif(not (find_spec("leafmap") and find_spec("maplibre")), reason="the extra maps is not installed")
def test_a_map(scene, model, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rs_srgan import maps
    super_resolve(scene, tmp_path / "fine.tif", model, engine="torch")
    made = maps.compare(scene, tmp_path / "fine.tif")
    made.to_html(tmp_path / "map.html")
    made.close()
