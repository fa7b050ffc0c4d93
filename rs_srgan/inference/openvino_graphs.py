"""The OpenVINO graphs of a model: its steps, converted from PyTorch once and kept in Hugging Face's cache."""

import copy
import hashlib
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import cached_assets_path
from torch import Tensor, nn

from rs_srgan.errors import InputError
from rs_srgan.inference.engine import encoding_tensors, to_dn
from rs_srgan.inference.openvino_import import openvino
from rs_srgan.models import MISR, SISR
from rs_srgan.models.fusion.innovation import InnovationFusion
from rs_srgan.models.quantization import in_int8
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.sensors.projection import BICUBIC_REACH_LR_PX
from rs_srgan.version import __version__

logger = logging.getLogger(__name__)

# Raise it when a change of the code, here or in a model, changes the graphs.
_GRAPHS_VERSION = 2

# Name of the last step.
FINISH = "finish"

# File beside the graphs with the checksum of each: OpenVINO reads damaged weights without an error.
_CHECKSUMS = "sha256.json"

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One graph: its inputs, which are images of the engine or results of earlier steps, and its result.

    Attributes:
        name: name of its result, and of its file.
        inputs: names of its inputs.
        call: the PyTorch function that the graph is converted from.
        radiometric: it works on reflectance, so it always runs in float32.
        exact: its result is float32, too.
        each: it runs once for each view; the results of the last such step are added up.
    """

    name: str
    inputs: tuple[str, ...]
    call: Callable[..., Tensor | tuple[Tensor, ...]]
    radiometric: bool = False
    exact: bool = False
    each: bool = False


def steps_of(model: SISR | MISR, uncertainty: bool) -> list[Step]:
    """Return the steps of a model in the order in which they run.

    Args:
        model: the model.
        uncertainty: add the uncertainty head's result.

    Raises:
        InputError: a fusion that only PyTorch runs.
    """
    single = model.alone()
    network, margin = _single_steps(single, uncertainty) if isinstance(model, SISR) else _revisits_steps(model)
    given = ("lr", network[-1].name, *(("detail",) if single.glp else ()))

    def finish(lr: Tensor, between: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        """Return DN of each result, by its encoding's two tensors each, and the sum of all reflectances."""
        lr = _inner(lr, model.receptive_field - margin)
        detail, encodings = (rest[0], rest[1:]) if single.glp else (None, rest)
        detail = None if detail is None else _inner(detail, model.receptive_field - margin)
        if uncertainty:
            residual, logarithm = between.chunk(2, dim=1)
            results = [single.finish(lr, residual, margin, detail=detail), single.finish_doubt(logarithm, margin)]
        else:
            results = [single.finish(lr, between, margin, detail=detail)]
        dn = [to_dn(result, *encodings[2 * index :][:2]) for index, result in enumerate(results)]
        return (*dn, torch.stack([result.sum() for result in results]).sum())

    return [*network, Step(FINISH, given, finish, radiometric=True)]


def _inner(image: Tensor, margin: int) -> Tensor:
    """Crop the pixels that later steps do not need: `margin` LR pixels along every border."""
    return image[..., margin:-margin, margin:-margin] if margin else image


def _single_steps(model: SISR, uncertainty: bool) -> tuple[list[Step], int]:
    """Return the steps of a model of one image, and the margin that they leave of the halo, LR pixels."""
    halo = model.receptive_field
    start = model.glp.reach_lr_px if model.glp else 0
    left = max(halo - start - model.generator.receptive_field, BICUBIC_REACH_LR_PX)

    def detail(lr: Tensor, guide: Tensor) -> Tensor:
        """Return the detail that the classical method takes from the guide."""
        made = model.detail(lr, guide)
        assert made is not None
        return made

    def network(lr: Tensor, guide: Tensor | None = None, detail: Tensor | None = None) -> Tensor:
        """Return the generator's result, with the uncertainty head's channels behind it if they are wanted."""
        residual = model.residual(lr, guide, detail)
        made = torch.cat([residual, model.doubt(residual, lr, guide, detail)], dim=1) if uncertainty else residual
        return _inner(made, halo - left)

    if model.glp:
        taken = Step("detail", ("lr", "guide"), detail, radiometric=True, exact=True)
        return [taken, Step("network", ("lr", "guide", "detail"), network)], left
    return [Step("network", ("lr", "guide") if model.config.guide_bands else ("lr",), network)], left


def _revisits_steps(model: MISR) -> tuple[list[Step], int]:
    """Return the steps of a model of several revisits, and the margin that they leave of the halo, LR pixels.

    Each step crops what later steps do not need, which saves a third of the time.
    """
    fusion = model.fusion
    if not isinstance(fusion, InnovationFusion):
        raise InputError(f"OpenVINO cannot run the fusion {model.config.fusion!r} of {model.name}. Use --engine torch.")
    made = len(model.config.bands) * model.scale**2
    halo, left = model.receptive_field, max(model.sisr.projection.reach_lr_px, BICUBIC_REACH_LR_PX)
    # margins in LR pixels that are left after each step
    looked_left = halo - model.sisr.generator.receptive_field
    summed_left = left + fusion.correct_reach
    compared_left = summed_left + fusion.evidence_reach
    expected_left = compared_left + fusion.compare_reach

    def look(lr: Tensor) -> Tensor:
        """Return the residual, with the features' channels behind it."""
        features, residual = fusion.look(model.sisr, lr)
        return _inner(torch.cat([residual, features], dim=1), halo - looked_left)

    def expect(lr: Tensor, looked: Tensor) -> Tensor:
        expected = fusion.expect(model.sisr, _inner(lr, halo - looked_left), looked[:, :made])
        return _inner(expected, looked_left - expected_left)

    def compare(expected: Tensor, *seen: Tensor) -> Tensor:
        compared = fusion.compare(expected, *(_inner(each, halo - expected_left) for each in seen))
        return _inner(compared, expected_left - compared_left)

    def evidence(compared: Tensor, lr: Tensor) -> Tensor:
        says = fusion.evidence(compared, model.sisr.normalised(_inner(lr, halo - compared_left)))
        return _inner(says, compared_left - summed_left)

    def correct(looked: Tensor, evidence: Tensor) -> Tensor:
        looked = _inner(looked, looked_left - summed_left)
        return _inner(fusion.correct(looked[:, :made], looked[:, made:], evidence), summed_left - left)

    return [
        Step("look", ("lr",), look),
        Step("expect", ("lr", "look"), expect, radiometric=True, exact=True),
        Step("compare", ("expect", "view", "mask", "offsets"), compare, radiometric=True, each=True),
        Step("evidence", ("compare", "lr"), evidence, exact=True, each=True),
        Step("correct", ("look", "evidence"), correct),
    ], left


def image_shapes(model: SISR | MISR, height: int, width: int) -> dict[str, Shape]:
    """Return the shapes of the engine's images by name, for a window of that many LR pixels."""
    bands, guides, scale = len(model.config.bands), len(model.config.guide_bands), model.scale
    channels = {"lr": bands, "view": bands, "mask": 1, "offsets": 2}
    shapes: dict[str, Shape] = {name: (1, count, height, width) for name, count in channels.items()}
    return shapes | {"guide": (1, guides, height * scale, width * scale)}


def cached_graphs(
    model: SISR | MISR, steps: Sequence[Step], uncertainty: bool, core: openvino.Core, int8: bool = False
) -> dict[str, openvino.Model]:
    """Return the graphs of a model by name, for windows of any size: from the cache, or converted and put there.

    Args:
        model: the model.
        steps: its steps.
        uncertainty: whether the steps compute the uncertainty head's result.
        core: OpenVINO.
        int8: whether the layers that can round to 8 bits do so. OpenVINO then computes them by integers.
    """
    key = _fingerprint(model) + ("-uncertainty" if uncertainty else "") + ("-int8" if int8 else "")
    names = [step.name for step in steps]
    try:
        return _read(cached_assets_path("rs_srgan", namespace="openvino", subfolder=key), names, core)
    except Exception:  # missing or damaged files, no usable cache, or no home folder: the graphs are made anew
        own = copy.deepcopy(model)  # other threads compute with the model, and must not round to 8 bits meanwhile
        with in_int8(own) if int8 else nullcontext():
            graphs = _convert(own, steps_of(own, uncertainty), uncertainty)
    with tempfile.TemporaryDirectory(prefix="rs_srgan_") as converted:
        for name, graph in graphs.items():
            openvino.save_model(graph, Path(converted) / f"{name}.xml", compress_to_fp16=False)
        (Path(converted) / _CHECKSUMS).write_text(json.dumps(_checksums(Path(converted))), encoding="utf-8")
        try:
            folder = cached_assets_path("rs_srgan", namespace="openvino", subfolder=key)
            with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as fresh:
                shutil.copytree(converted, Path(fresh) / key)
                shutil.rmtree(folder, ignore_errors=True)
                (Path(fresh) / key).rename(folder)
        except Exception as error:  # whatever it is, the run needs no cache
            logger.warning("The converted model cannot be kept (%s): the next run converts it again.", error)
        # read it back, as the next run does: a graph that was read rounds differently than the one that was saved
        return _read(Path(converted), names, core)


def _read(folder: Path, names: Sequence[str], core: openvino.Core) -> dict[str, openvino.Model]:
    """Read graphs from their files.

    Raises:
        Exception: files are missing or damaged.
    """
    if json.loads((folder / _CHECKSUMS).read_text(encoding="utf-8")) != _checksums(folder):
        raise ValueError(f"{folder} holds damaged files.")
    return {name: core.read_model(folder / f"{name}.xml") for name in names}


def _checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of graphs, by its name."""
    files = (path for path in folder.iterdir() if path.suffix in (".xml", ".bin"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class _Module(nn.Module):
    """A step as a module, which the conversion expects."""

    def __init__(self, model: SISR | MISR, step: Step) -> None:
        super().__init__()
        self.model, self.step = model, step

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.step.call(*inputs)


@torch.inference_mode()
def _convert(model: SISR | MISR, steps: Sequence[Step], uncertainty: bool) -> dict[str, openvino.Model]:
    side = 2 * model.receptive_field + 8  # any side that leaves pixels inside the margin
    examples = {name: torch.zeros(shape) for name, shape in image_shapes(model, side, side).items()}
    encoding = Encoding("uint16", (1e-4,) * len(model.config.bands), (0.0,) * len(model.config.bands), 0)
    encodings = list(encoding_tensors(encoding).values()) * (1 + uncertainty)
    graphs = {}
    for step in steps:
        inputs = [examples[name] for name in step.inputs] + (encodings if step.name == FINISH else [])
        shapes = [[1, each.shape[1], -1, -1] if each.dim() == 4 else list(each.shape) for each in inputs]
        module = _Module(model, step).eval()
        if step.name != FINISH:
            examples[step.name] = module(*inputs)
        with warnings.catch_warnings():  # OpenVINO's converter calls torch.jit.trace, which PyTorch 2.14 deprecates
            warnings.filterwarnings("ignore", r".*torch\.jit", FutureWarning)
            graphs[step.name] = openvino.convert_model(module, example_input=tuple(inputs), input=shapes)
    return graphs


def _fingerprint(model: SISR | MISR) -> str:
    """Return the key of a model's graphs in the cache: its fingerprint and the versions of all that converts it."""
    versions = f"{_GRAPHS_VERSION} {__version__} {torch.__version__} {openvino.__version__}"
    return hashlib.sha256((model.fingerprint() + versions).encode()).hexdigest()[:32]
