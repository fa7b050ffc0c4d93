import threading

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter

from rs_srgan import SISR, Cancelled, InputError, SISRConfig
from rs_srgan.arrays.chunks import predict_labelled
from rs_srgan.arrays.labelled import Labelled
from rs_srgan.pixels.nodata import fill_reach
from rs_srgan.sensors import SENTINEL2

dask = pytest.importorskip("dask")
pytest.importorskip("rioxarray")


@pytest.fixture(scope="module")
def fusion():
    torch.manual_seed(0)
    config = SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1)
    model = SISR(config).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    return model


def assert_same(made, whole):
    """Assert that reflectances are the same but for rounding: PyTorch convolves small windows by another algorithm."""
    np.testing.assert_allclose(made, whole, rtol=0, atol=2e-6)


@pytest.mark.parametrize("chunks", [{"y": 96, "x": 50}, {"y": 40, "x": 40}, {"band": 1, "y": 48, "x": 100}])
def test_chunks_do_not_show(model, array, pixels, chunks):
    later = model.predict(array.chunk(chunks))
    assert max(map(len, later.chunks)) > 1
    assert_same(later.compute().values, model.predict(pixels))


def test_chunks_come_with_every_pixel_that_can_matter(labelled):
    """A maximum has no rounding, and one missing pixel changes it."""
    halo, scale = 4, 2
    reach = halo + fill_reach(halo)
    image = np.random.default_rng(0).random((4, 60, 70), np.float32)

    def largest(pixels, _):
        around = maximum_filter(pixels, size=(1, 2 * reach + 1, 2 * reach + 1), mode="nearest")
        return [around.repeat(scale, 1).repeat(scale, 2)]

    array = Labelled(labelled(image).chunk({"y": 15, "x": 20}), SISRConfig().bands, SENTINEL2)
    (made,) = predict_labelled(array, None, scale, halo, largest)
    np.testing.assert_array_equal(made.values, largest(image, None)[0])


def test_result_and_uncertainty_come_from_one_computation(array, pixels, monkeypatch):
    torch.manual_seed(0)
    model = SISR(SISRConfig(channels=16, blocks=1, uncertainty=True)).eval()
    expected = model.predict_with_uncertainty(pixels)
    calls = []
    compute = model.with_uncertainty
    monkeypatch.setattr(
        model, "with_uncertainty", lambda *args, **options: calls.append(1) or compute(*args, **options)
    )
    together = dask.compute(*model.predict_with_uncertainty(array.chunk({"y": 48})))
    assert len(calls) == 2
    for made, whole in zip(together, expected, strict=True):
        assert_same(made.values, whole)


@pytest.mark.parametrize(
    ("coarse", "fine"),
    [({"y": 40, "x": 40}, {"y": 31, "x": 60}), ({"y": 40, "x": 40}, None), (None, {"y": 80, "x": 80})],
)
def test_chunks_of_an_image_and_its_guide_do_not_show(fusion, labelled, pixels, coarse, fine):
    """The two have chunks of their own, or only one of them has."""
    guide = np.random.default_rng(1).random((2, 192, 200), np.float32) * 0.3
    guide[:, 60:64, 20:30] = np.nan
    image, finer = labelled(pixels[:2], ("B11", "B12"), 20), labelled(guide, ("B04", "B08"))
    expected = fusion.predict(pixels[:2], guide)
    np.testing.assert_array_equal(fusion.predict(image, finer).values, expected)
    later = fusion.predict(
        image if coarse is None else image.chunk(coarse), finer if fine is None else finer.chunk(fine)
    )
    assert later.chunks is not None and max(map(len, later.chunks)) > 1
    assert_same(later.compute().values, expected)


def test_a_guide_of_another_size_is_refused_before_anything_is_computed(fusion, labelled, pixels):
    image, guide = labelled(pixels[:2], ("B11", "B12"), 20), labelled(pixels[:2], ("B04", "B08"))
    with pytest.raises(InputError, match="footprint"):
        fusion.predict(image.chunk({"y": 48}), guide)


def test_chunks_that_are_computed_later_can_be_cancelled(model, array):
    cancel = threading.Event()
    later = model.predict(array.chunk({"y": 48}), cancel=cancel)
    cancel.set()
    with pytest.raises(Cancelled):
        later.compute()


def test_chunks_of_a_model_in_training_are_computed_in_evaluation_mode(array):
    torch.manual_seed(0)
    model = SISR(SISRConfig(generator="srresnet", channels=16, blocks=1)).train()
    before = model.fingerprint()
    computed = model.predict(array.chunk({"y": 48, "x": 50})).compute(scheduler="threads", num_workers=4)
    assert model.training and model.generator.training and model.fingerprint() == before
    np.testing.assert_allclose(computed.values, model.predict(array).values, rtol=0, atol=1e-5)
