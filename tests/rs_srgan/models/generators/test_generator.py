"""Properties that every generator must have."""

import numpy as np
import onnxruntime
import pytest
import torch

from rs_srgan import SISR, SISRConfig, load_model
from rs_srgan.models.config import OUTPUTS
from rs_srgan.models.generators import GENERATORS

SMALL = {"channels": 16, "blocks": 1}
# Generators with weights.
TRAINED = [name for name in GENERATORS if name != "none"]


@pytest.fixture(params=GENERATORS)
def generator(request) -> str:
    torch.manual_seed(0)
    return request.param


@pytest.fixture(params=TRAINED)
def trained(request) -> str:
    torch.manual_seed(0)
    return request.param


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(("scale", "bands"), [(2, ("B08",)), (4, ("B04", "B03", "B02")), (8, ("B05", "B11"))])
def test_any_bands_any_scale_odd_sizes(generator, output, scale, bands):
    model = SISR(SISRConfig(generator=generator, scale=scale, bands=bands, output=output, **SMALL)).eval()
    with torch.no_grad():
        sr = model(torch.rand(2, len(bands), 7, 13))
    assert sr.shape == (2, len(bands), 7 * scale, 13 * scale)
    assert sr.isfinite().all()


def test_every_weight_learns(trained):
    model = SISR(SISRConfig(generator=trained, **SMALL)).train()
    model(torch.rand(2, 4, 9, 9)).square().sum().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_gradients_are_finite_in_bf16_channels_last(trained):
    """Training uses this layout; some kernels of PyTorch write garbage into gradients there."""
    model = SISR(SISRConfig(generator=trained, channels=48, blocks=1)).train().to(memory_format=torch.channels_last)
    for _ in range(10):
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            model(torch.rand(2, 4, 12, 12).to(memory_format=torch.channels_last)).square().mean().backward()
        assert [name for name, weight in model.named_parameters() if not weight.grad.isfinite().all()] == []


def test_a_saved_and_loaded_model_gives_the_same_pixels(generator, tmp_path):
    model = SISR(SISRConfig(generator=generator, **SMALL)).eval()
    model.save_pretrained(tmp_path)
    lr = torch.rand(1, 4, 8, 9)
    with torch.no_grad():
        torch.testing.assert_close(load_model(tmp_path)(lr), model(lr), rtol=0, atol=0)


def test_a_batch_is_its_images_one_by_one(generator):
    model = SISR(SISRConfig(generator=generator, **SMALL)).eval()
    lr = torch.rand(3, 4, 9, 8)
    with torch.no_grad():
        torch.testing.assert_close(model(lr), torch.cat([model(image[None]) for image in lr]))


def test_exact_tiling_tells_whether_distant_pixels_matter(generator):
    """A change beyond the receptive field changes the result only of generators without exact tiling."""
    model = SISR(SISRConfig(generator=generator, **SMALL)).eval()
    side = model.receptive_field + 9
    lr = torch.rand(1, 4, side, side)
    with torch.no_grad():
        before = model(lr)
        lr[..., -1, -1] += 0.5
        change = (model(lr) - before).abs()[..., : 4 * 8, : 4 * 8].max()
    assert (change == 0) == model.exact_tiling


@pytest.mark.parametrize("name", TRAINED)
def test_the_receptive_field_is_exact(name):
    """Measured by the gradient, without layers that average the whole image."""
    torch.manual_seed(0)
    generator = SISR(SISRConfig(generator=name, **SMALL)).eval().double().generator
    for block in generator.modules():
        if hasattr(block, "attention"):
            block.attention = torch.nn.Identity()
    reach = generator.receptive_field
    x = torch.rand(1, 4, 2 * reach + 13, 2 * reach + 13, dtype=torch.float64, requires_grad=True)
    middle = reach + 6
    generator(x)[..., middle, middle].square().sum().backward()
    rows, cols = x.grad.abs().sum((0, 1)).nonzero().T
    assert middle - rows.min() == rows.max() - middle == middle - cols.min() == cols.max() - middle == reach


def test_an_exported_model_gives_the_same_pixels(generator, tmp_path):
    scale = {"edsr": 8, "rrdb": 2, "rcab": 2, "lka": 8}.get(generator, 4)  # between them, all
    model = SISR(SISRConfig(generator=generator, scale=scale, **SMALL)).eval()
    if generator == "srresnet" and torch.__version__.startswith("2.6."):
        pytest.skip("torch 2.6 cannot write batch normalisation as ONNX")
    size = torch.export.Dim("height"), torch.export.Dim("width")
    torch.onnx.export(
        model,
        (torch.rand(1, 4, 16, 18),),
        tmp_path / "model.onnx",
        dynamo=True,
        dynamic_shapes=({2: size[0], 3: size[1]},),
        verbose=False,
    )
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    lr = torch.rand(1, 4, 21, 12)
    (found,) = session.run(None, {session.get_inputs()[0].name: lr.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(found, model(lr).numpy(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", [name for name in TRAINED if name != "srresnet"])  # that one upsamples by stages
def test_training_starts_without_a_checkerboard(name):
    torch.manual_seed(1)
    model = SISR(SISRConfig(generator=name, consistent=False, **SMALL)).eval()
    with torch.no_grad():
        sr = model(torch.full((1, 4, 61, 61), 0.2))[..., 120:124, 120:124]  # far from the zeros around
    assert (sr.amax((2, 3)) - sr.amin((2, 3))).max() < 1e-6


def build(generator: str, blocks: int) -> torch.nn.Module:
    return GENERATORS[generator](4, 4, 2, 16, blocks)


def test_each_block_adds_the_same_reach_and_the_same_number_of_weights(trained):
    made = [build(trained, blocks) for blocks in (1, 2, 3)]
    reaches = [each.receptive_field for each in made]
    sizes = [sum(weight.numel() for weight in each.parameters()) for each in made]
    for first, second, third in (reaches, sizes):
        assert third - second == second - first > 0


def test_plain_blocks_reach_two_pixels_and_large_kernels_many():
    reach = {name: build(name, 2).receptive_field - build(name, 1).receptive_field for name in ("edsr", "lka")}
    assert reach["edsr"] == 2 < 10 < reach["lka"]
