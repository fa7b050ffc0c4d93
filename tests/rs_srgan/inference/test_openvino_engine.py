from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import super_resolve
from rs_srgan.inference.openvino_engine import OpenVinoEngine
from rs_srgan.inference.openvino_graphs import cached_graphs, steps_of
from rs_srgan.inference.openvino_import import openvino
from rs_srgan.models.quantization import in_int8, quantized_layers
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


@pytest.mark.parametrize("tile", [16, 36])
def test_int8_is_equal_for_all_tile_sizes(int8_model, write_tif, tmp_path, tile):
    source = write_tif(scene_dn(50, 70))
    results = []
    for size in (tile, 100):
        target = super_resolve(source, tmp_path / f"{size}.tif", int8_model, tile=size, precision="int8")
        with rasterio.open(target) as dataset:
            results.append(dataset.read().astype(int))
    assert np.abs(results[0] - results[1]).max() <= 1


@pytest.mark.parametrize(("size", "corner"), [(60, 0), (81, 37)])
def test_the_int8_network_gives_equal_bits_for_every_window(int8_model, size, corner):
    """The difference of 1 DN that files may have comes from the float32 sums behind the network."""
    image = scene_dn(130, 130).astype(np.float32) / 10_000
    core = openvino.Core()
    network = cached_graphs(int8_model, steps_of(int8_model, False), False, core, int8=True)["network"]

    def residual(window):
        graph = network.clone()
        graph.reshape([1, *window.shape])
        return core.compile_model(graph, "CPU")([window[None]])[0][0]

    whole = residual(image)
    part = residual(np.ascontiguousarray(image[:, corner : corner + size, corner : corner + size]))
    border = int8_model.generator.receptive_field  # there the part sees zeros in place of its neighbours
    inner = part[:, border:-border, border:-border]
    assert inner.std() > 0
    start, side = corner + border, inner.shape[-1]
    np.testing.assert_array_equal(inner, whole[:, start : start + side, start : start + side])


def test_int8_computes_what_the_rounded_model_does(int8_model, window):
    """Its other layers are in bf16 or fp32, whose own rounding moves a few values to the next level."""

    def reflectance():
        with torch.inference_mode():
            return int8_model(torch.from_numpy(window)[None], margin=int8_model.receptive_field)[0].numpy()

    exact = reflectance()
    with in_int8(int8_model):
        expected = reflectance()
    found = OpenVinoEngine(int8_model, [FINE], "int8")(window)[0] * 5e-5

    def rms(difference):
        return np.sqrt(np.square(difference * 10_000).mean())

    assert rms(found - expected) < 3
    assert rms(expected - exact) > 1
    assert rms(found - exact) < 1.5 * rms(expected - exact)


def test_int8_layers_run_on_integers(int8_model, window):
    """The graph is asked for the types that OpenVINO computes with."""
    core = openvino.Core()
    steps = steps_of(int8_model, uncertainty=False)
    network = cached_graphs(int8_model, steps, False, core, int8=True)["network"]
    network.reshape([1, 4, 64, 64])
    compiled = core.compile_model(network, "CPU").get_runtime_model()
    types = [
        str(op.get_rt_info()["runtimePrecision"].astype(str))
        for op in compiled.get_ordered_ops()
        if op.get_rt_info()["layerType"].astype(str) == "Convolution"
    ]
    assert len([each for each in types if each in ("u8", "i8")]) == len(quantized_layers(int8_model))
