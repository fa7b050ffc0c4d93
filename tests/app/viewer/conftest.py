"""A finished job with two results and NoData, without a queue."""

import pytest
import rasterio

from app.jobs.inputs import write_lr
from app.jobs.outlook import Outlook
from app.jobs.request import Request
from app.viewer.layers import View
from rs_srgan import super_resolve
from rs_srgan.models.catalogue import catalogue
from rs_srgan.reading.inspection import inspect_image
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn

MODELS = ("sisr-x4-rgbn", "sisr-x2-rgbn")


def make_view(folder, source, names=MODELS, **request) -> View:
    configs = [catalogue()[name].config for name in names]
    write_lr(Request(source, names, **request), configs[0], folder / "lr.tif")
    for index, name in enumerate(names):
        uncertainty = None if index else folder / "uncertainty0.tif"
        super_resolve(source, folder / f"sr{index}.tif", name, cog=True, uncertainty=uncertainty, **request)
    return View(folder, configs)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "scene.tif"
    dn = scene_dn(150, 170)
    dn[:, 60:70, 80:95] = 0
    place = {"crs": "EPSG:32632", "transform": rasterio.Affine(10, 0, 600_000, 0, -10, 5_100_000)}
    with rasterio.open(
        path, "w", driver="GTiff", count=4, height=150, width=170, dtype="uint16", nodata=0, **place
    ) as out:
        out.write(dn)
    return path


@pytest.fixture(scope="module")
def outlook(view, source) -> Outlook:
    return Outlook(view.grid, 4, (inspect_image(source, RGBN),), 1, 1, 1)


@pytest.fixture(scope="module")
def view(source, tmp_path_factory) -> View:
    return make_view(tmp_path_factory.mktemp("view"), source)
