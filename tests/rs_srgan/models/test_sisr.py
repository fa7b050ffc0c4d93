import numpy as np
import pytest
import torch
from torch.nn.functional import pixel_shuffle

from rs_srgan import SISR, InputError, SISRConfig
from rs_srgan.sensors.mtf import degrade, wald_mtf
from rs_srgan.sensors.projection import back_projected_bicubic, bicubic
from tests.conftest import scene_dn

CONFIGS = [
    SISRConfig(channels=16, blocks=1),
    SISRConfig(scale=2, channels=16, blocks=3),
    SISRConfig(scale=8, channels=16, blocks=2, consistent=False, bands=("B04", "B03", "B02")),
    SISRConfig(scale=2, channels=16, blocks=1, bands=("PAN",), mtf_nyquist=(0.2,)),
    SISRConfig(generator="srresnet", channels=16, blocks=2),
    SISRConfig(generator="srresnet", scale=2, channels=16, blocks=1, consistent=False),
    SISRConfig(generator="srresnet", output="tanh", channels=16, blocks=1, consistent=False),
    SISRConfig(generator="rrdb", channels=16, blocks=1),
    SISRConfig(generator="lka", scale=2, channels=16, blocks=1, output="tanh"),
    SISRConfig(scale=2, bands=("B05", "B11"), guide_bands=("B04", "B08", "B02"), channels=16, blocks=2),
]


def awake(config: SISRConfig) -> SISR:
    """A model whose generator shows in its output."""
    torch.manual_seed(0)
    model = SISR(config).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    return model


def guide_for(config: SISRConfig, height: int, width: int, dtype=np.float32) -> list[np.ndarray]:
    """What a model takes beside the image: the guide, if it wants one."""
    shape = (len(config.guide_bands), height * config.scale, width * config.scale)
    return [np.random.default_rng(1).uniform(0, 0.5, shape).astype(dtype)] if config.guide_bands else []


def name(config: SISRConfig) -> str:
    return f"{config.generator}-x{config.scale}-{config.consistent}-{config.output}" + (
        "-guided" if config.guide_bands else ""
    )


@pytest.mark.parametrize("config", CONFIGS, ids=name)
def test_receptive_field_is_exactly_what_the_model_says(config):
    """By gradient: the farthest LR pixel on which the SR pixels above one LR pixel depend."""
    model = awake(config).double()
    reach = model.receptive_field
    size = 2 * (reach + 6) + 1
    lr = torch.rand(1, len(config.bands), size, size, dtype=torch.float64, requires_grad=True)
    middle = size // 2
    inside = slice(middle * config.scale, (middle + 1) * config.scale)
    # the projection is float32 by contract; in float64 no gradient is lost to rounding
    guide = [torch.from_numpy(each)[None] for each in guide_for(config, size, size, np.float64)]
    residual = model.residual(lr, *guide)
    sr = pixel_shuffle(model.projection(residual.tanh() if config.output == "tanh" else residual, lr), config.scale)
    sr[..., inside, inside].square().sum().backward()
    rows, cols = lr.grad.abs().sum((0, 1)).nonzero().T
    assert middle - rows.min() == rows.max() - middle == middle - cols.min() == cols.max() - middle == reach


@pytest.mark.parametrize("config", CONFIGS, ids=name)
@pytest.mark.parametrize("tile", [1, 7, 32])
def test_the_result_does_not_depend_on_the_tile_size(config, tile):
    model = awake(config)
    image = np.random.default_rng(0).uniform(0, 0.5, (len(config.bands), 19, 26)).astype(np.float32)
    if tile == 1:
        image = image[:, :4, :5]
    guide = guide_for(config, *image.shape[1:])
    np.testing.assert_allclose(model.predict(image, *guide, tile=tile), model.predict(image, *guide), atol=2e-6)


def test_guide_pixels_affect_the_result_within_the_halo():
    """A changed guide pixel changes the result around it, wherever it lies within its coarse pixel, and not far off."""
    config = CONFIGS[-1]
    model = awake(config)
    lr, (guide,) = torch.full((1, 2, 40, 40), 0.3), map(torch.from_numpy, guide_for(config, 40, 40))
    before = model(lr, guide[None])
    for row in (40, 41):
        changed = guide.clone()
        changed[1, row, 40] += 0.2
        rows, cols = (model(lr, changed[None]) - before).abs().sum((0, 1)).nonzero().T
        reach = (model.receptive_field + 1) * config.scale
        assert rows.min() < row < rows.max() and cols.min() < 40 < cols.max()
        assert max(row - rows.min(), rows.max() - row, 40 - cols.min(), cols.max() - 40) <= reach


def test_a_hole_in_the_guide_makes_no_hole_in_the_result():
    config = CONFIGS[-1]
    image, (guide,) = np.full((2, 20, 20), 0.3, np.float32), guide_for(config, 20, 20)
    guide[:, 7:9, 5:30] = np.nan
    assert np.isfinite(awake(config).predict(image, guide)).all()


@pytest.mark.parametrize(
    ("guide", "words"),
    [
        (None, "B02"),
        (np.zeros((3, 8, 8), np.float32), "footprint"),
        (np.zeros((2, 16, 16), np.float32), "shape"),
    ],
)
def test_a_guide_that_does_not_fit_is_refused(guide, words):
    with pytest.raises(InputError, match=words):
        awake(CONFIGS[-1]).predict(np.zeros((2, 8, 8), np.float32), guide)


def test_a_guide_for_a_model_without_guide_bands_is_refused(model):
    with pytest.raises(InputError, match="guide"):
        model.predict(np.zeros((4, 8, 8), np.float32), np.zeros((4, 32, 32), np.float32))
    with pytest.raises(ValueError, match="guide"):
        model(torch.zeros(1, 4, 8, 8), torch.zeros(1, 4, 32, 32))


def test_a_margin_is_cropped(model):
    lr = torch.rand(1, 4, 20, 24)
    torch.testing.assert_close(model(lr, margin=3), model(lr)[..., 12:-12, 12:-12])


def test_exact_tiling_needs_the_whole_receptive_field(model):
    """The test above could pass with any halo if the model's far reach were negligible: it is not."""
    image = torch.rand(1, 4, 64, 64)
    changed = image.clone()
    changed[..., 0] += 0.5
    affected = (model(image) - model(changed)).abs().amax((0, 1, 2)).reshape(64, 4).amax(1)
    assert affected[model.receptive_field - 2] > 0
    assert affected[model.receptive_field + 1 :].max() == 0


def test_without_a_generator_the_result_is_back_projected_bicubic():
    config = SISRConfig(channels=16, blocks=1)
    model = SISR(config)
    with torch.no_grad():
        model.generator.tail.weight.zero_()
        model.generator.tail.bias.zero_()
    lr = bicubic(torch.rand(1, 4, 8, 8), 4) * 0.5
    many = back_projected_bicubic(lr, 4, wald_mtf(config.mtf_nyquist, 4), 30)
    inner = (..., slice(16, -16), slice(16, -16))
    torch.testing.assert_close(model(lr)[inner], many[inner], rtol=0, atol=2e-3)


def test_the_result_agrees_with_the_input(model):
    lr = torch.rand(1, 4, 24, 24) * 0.3
    mtf = wald_mtf(model.config.mtf_nyquist, 4)
    free = SISR(SISRConfig(channels=16, blocks=2, consistent=False))
    free.load_state_dict(model.state_dict())

    def leaves(sr):
        return (degrade(sr, 4, mtf) - lr).abs().mean()

    assert leaves(model(lr)) < 0.35 * leaves(free(lr))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (5, 64)])
def test_any_size_from_one_pixel_up(model, shape):
    image = np.full((4, *shape), 0.25, np.float32)
    sr = model.predict(image)
    assert sr.shape == (4, shape[0] * 4, shape[1] * 4)
    # every pixel of a uniform field becomes the same 4 x 4 pixels, up to the corners
    np.testing.assert_allclose(sr, np.tile(sr[:, :4, :4], (1, *shape)), atol=1e-5)


def test_nan_stays_nan_and_does_not_spread(model):
    image = np.random.default_rng(0).uniform(0, 0.5, (4, 40, 40)).astype(np.float32)
    image[:, 10:14, 20:30] = np.nan
    image[3, 30, 5] = np.nan  # one band only
    sr = model.predict(image)
    np.testing.assert_array_equal(np.isnan(sr), np.isnan(image).repeat(4, 1).repeat(4, 2))


def test_masked_pixels_have_no_data(model):
    image = scene_dn(20, 24).astype(np.float32) / 10_000
    holes = np.zeros(image.shape, bool)
    holes[:, 5:8, 6:9] = holes[1, 15, 2] = True
    expected = model.predict(np.where(holes, np.nan, image))
    np.testing.assert_array_equal(model.predict(np.ma.array(np.where(holes, -9999, image), mask=holes)), expected)


def test_a_hole_in_a_constant_is_filled_with_the_constant(model):
    image = np.full((4, 50, 50), 0.3, np.float32)
    whole = model.predict(image)
    image[:, :, 22:29] = np.nan
    np.testing.assert_allclose(model.predict(image)[:, :, : 22 * 4], whole[:, :, : 22 * 4], atol=1e-6)


def test_an_image_without_data_gives_no_data(model):
    assert np.isnan(model.predict(np.full((4, 5, 5), np.nan, np.float32))).all()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((3, 8, 8), np.float32), "shape"),
        (np.zeros((8, 8), np.float32), "expected"),
        (np.zeros((4, 0, 8), np.float32), "expected"),
        (np.zeros((4, 8, 8), np.uint16), "uint16"),
        (np.full((4, 8, 8), 2_300, np.float32), "DN"),
    ],
)
def test_unusable_images_are_refused(model, image, words):
    with pytest.raises(InputError, match=words):
        model.predict(image)


def test_forward_names_the_expected_bands(model):
    with pytest.raises(ValueError, match="B08") as refused:
        model(torch.zeros(1, 3, 8, 8))
    assert "(1, 3, 8, 8)" in str(refused.value) and "B04" in str(refused.value)


@pytest.mark.parametrize("wrong", [None, np.zeros((1, 4, 8, 8), np.float32), "scene.tif"])
def test_forward_takes_tensors_only(model, wrong):
    with pytest.raises(InputError, match="predict"):
        model(wrong)


def test_half_precision_changes_little(model):
    lr = torch.rand(1, 4, 32, 32) * 0.4
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        half = model(lr)
    assert half.dtype == torch.float32
    residual = model(lr) - bicubic(lr, 4)
    assert (half - model(lr)).square().mean().sqrt() < 0.02 * residual.square().mean().sqrt()
