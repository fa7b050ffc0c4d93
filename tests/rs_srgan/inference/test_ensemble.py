import numpy as np
import pytest
import torch

from rs_srgan import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.inference.ensemble import Ensemble
from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.pixels.radiometry import Encoding

SMALL = {"channels": 16, "blocks": 1, "scale": 2}
ENCODING = Encoding("uint16", (1e-4,) * 4, (0.0,) * 4, 0)


def window(model, random, height=7, width=11):
    halo = model.receptive_field
    return random.uniform(0.02, 0.4, (4, height + 2 * halo, width + 2 * halo)).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = SISR(SISRConfig(**SMALL)).eval()
    torch.nn.init.normal_(model.generator.tail.weight, std=0.05)
    return model


def orientations(image):
    for turns in range(4):
        yield np.rot90(image, turns, (-2, -1))
        yield np.rot90(image, turns, (-2, -1))[..., ::-1]


def test_the_result_turns_with_the_image(model):
    """A single network does not have this property."""
    random = np.random.default_rng(0)
    engine = TorchEngine(model, [ENCODING], "fp32")
    lr = window(model, random)
    expected = list(orientations(Ensemble(engine, [ENCODING])(lr)[0]))
    results = [Ensemble(engine, [ENCODING])(np.ascontiguousarray(turned))[0] for turned in orientations(lr)]
    alone = [engine(np.ascontiguousarray(turned))[0] for turned in orientations(lr)]
    for result, turned in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, turned)
    assert any((each != turned).any() for each, turned in zip(alone, orientations(alone[0]), strict=True))


def test_it_is_the_mean_of_the_orientations(model):
    engine = TorchEngine(model, [ENCODING], "fp32")
    lr = window(model, np.random.default_rng(1), 6, 6)
    made = [engine(np.ascontiguousarray(turned))[0].astype(float) for turned in orientations(lr)]
    back = [np.rot90(dn[..., ::-1] if index % 2 else dn, -(index // 2), (-2, -1)) for index, dn in enumerate(made)]
    (result,) = Ensemble(engine, [ENCODING])(lr)
    np.testing.assert_array_equal(result, np.rint(result))
    np.testing.assert_allclose(result, np.mean(back, axis=0), atol=0.501)


def test_offsets_of_revisits_turn_as_vectors(model):
    """A fusion sees the same place in each orientation, so its results differ as little as those of one image."""
    torch.manual_seed(1)
    misr = MISR.from_sisr(model, MISRConfig(**vars(model.config), fusion_channels=16, fusion_blocks=1)).eval()
    for weight in misr.fusion.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    random = np.random.default_rng(2)
    lr = window(misr, random)
    views = np.stack([lr, lr + 0.01 * random.standard_normal(lr.shape).astype(np.float32)])
    offsets = np.zeros((2, 2, *lr.shape[1:]), np.float32)
    offsets[1, 0], offsets[1, 1] = 0.4, -0.2
    masks = np.ones((2, *lr.shape[1:]), np.float32)
    ensemble = Ensemble(TorchEngine(misr, [ENCODING], "fp32"), [ENCODING])
    (expected,) = ensemble(views, masks, offsets)
    turned = np.stack([-offsets[:, 1], offsets[:, 0]], axis=1)
    images = [np.ascontiguousarray(np.rot90(each, 1, (-2, -1))) for each in (views, masks, turned)]
    np.testing.assert_array_equal(ensemble(*images)[0], np.rot90(expected, 1, (-2, -1)))
    wrong = ensemble(*images[:2], np.ascontiguousarray(np.rot90(offsets, 1, (-2, -1))))[0]
    assert (wrong != np.rot90(expected, 1, (-2, -1))).any()
