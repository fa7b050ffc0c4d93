from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio

from rs_srgan import super_resolve
from rs_srgan.inference.openvino_engine import OpenVinoEngine
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import FINE


def test_two_windows_at_once_give_their_own_results(model, window):
    engine = OpenVinoEngine(model, [FINE], "fp32", threads=2)
    windows = [window * factor for factor in np.linspace(0.5, 1, 8, dtype=np.float32)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(engine, windows))
    for one, alone in zip(together, map(engine, windows), strict=True):
        np.testing.assert_array_equal(one, alone)


@pytest.mark.parametrize("tile", [16, 36])
def test_result_does_not_depend_on_tile_size(model, write_tif, tmp_path, tile):
    source = write_tif(scene_dn(50, 70))
    results = []
    for size in (tile, 100):
        target = super_resolve(source, tmp_path / f"{size}.tif", model, tile=size, engine="openvino", precision="fp32")
        with rasterio.open(target) as dataset:
            results.append(dataset.read().astype(int))
    assert np.abs(results[0] - results[1]).max() <= 1
