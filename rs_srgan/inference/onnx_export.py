"""`export`: a model as one ONNX file, reflectance in, reflectance out, for runtimes without PyTorch."""

import json
import logging
import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError, require_extra
from rs_srgan.hub.names import local_files
from rs_srgan.models import SISR
from rs_srgan.models.evaluation_mode import evaluation_mode
from rs_srgan.models.loading import sisr_model
from rs_srgan.version import __version__
from rs_srgan.writing.guard import require_unread

logger = logging.getLogger(__name__)

TOLERANCE = 1e-4  # reflectance: one DN
# Batch, height and width in LR pixels, other than those of the trace.
_CHECKED = ((1, 33, 41), (3, 9, 7))
_TRACED = (2, 20, 22)


def export(model: str | Path | SISR, target: str | Path, *, overwrite: bool = False) -> Path:
    """Write a model to an ONNX file, and check that onnxruntime computes the same with it.

    The file contains normalisation, bicubic skip and consistency projection. The inputs are `lr`, (B, C, h, w), and for
    a model with guide bands `guide`, (B, G, h * scale, w * scale); the output is `sr`, (B, C, h * scale, w * scale).
    All are float32 reflectance; B, h and w are free. The file's metadata describe the rest: see `metadata`.

    Args:
        model: a model of one image, or what `load_model` takes.
        target: the file to write, *.onnx.
        overwrite: replace an existing file.

    Returns:
        the file's path.

    Raises:
        InputError: a model of several revisits, a target that cannot be written, or packages that are not installed.
        ArithmeticError: the file's results differ from the model's by more than 1e-4; the file is not kept.
    """
    target = Path(target).absolute()
    for package in ("onnx", "onnxscript", "onnxruntime"):
        require_extra(package, "ONNX files", extra="export")
    if target.suffix != ".onnx":
        raise InputError(f"{target.name} is not the name of an ONNX file; expected a name that ends with .onnx.")
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist. Make it first.")
    if target.exists() and not (overwrite and target.is_file()):
        raise InputError(f"{target} exists. Choose another name, or replace it (overwrite=True, --overwrite).")
    if isinstance(model, str | Path):
        require_unread([target], local_files(model))
    model = sisr_model(model)
    try:
        with TemporaryDirectory(dir=target.parent, prefix=".rs_srgan_") as folder:
            file = Path(folder) / target.name
            with evaluation_mode(model):
                _write(model, file)
                _check(model, file)
            os.replace(file, target)
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}). Choose another folder.") from None
    return target


def metadata(model: SISR) -> dict[str, str]:
    """Return what a user of the file must know: bands, units, normalisation, receptive field.

    Lists are JSON. `receptive_field_lr_px` is the halo, LR pixels, with which tiles give the result of the whole image.
    """
    config = model.config
    return {
        "model": model.name,
        "fingerprint": model.fingerprint(),
        "producer": f"rs_srgan {__version__}, torch {torch.__version__}",
        "scale": str(config.scale),
        "bands": json.dumps(config.bands),
        "guide_bands": json.dumps(config.guide_bands),
        "receptive_field_lr_px": str(model.receptive_field),
        "units": "reflectance = (DN + offset) / 10000, offset -1000 for Sentinel-2 since baseline 04.00, else 0",
        "normalisation": f"inside: (reflectance - {config.reflectance_mean:g}) / {config.reflectance_std:g}",
        "consistency": "inside" if config.consistent else "none",
        "nodata": "none: fill pixels without data from their neighbours before, mask them after",
    }


def _inputs(model: SISR, batch: int, height: int, width: int) -> tuple[Tensor, ...]:
    """Return noise in the shapes that the model takes, reflectance 0..0.4."""
    config, scale = model.config, model.scale
    shapes = [(batch, len(config.bands), height, width)]
    if config.guide_bands:
        shapes.append((batch, len(config.guide_bands), height * scale, width * scale))
    generator = torch.Generator().manual_seed(0)
    return tuple(0.4 * torch.rand(shape, generator=generator) for shape in shapes)


def _write(model: SISR, file: Path) -> None:
    batch, height, width = (torch.export.Dim(name) for name in ("batch", "height", "width"))
    inputs = _inputs(model, *_TRACED)
    sizes = ({0: batch, 2: height, 3: width}, {0: batch, 2: model.scale * height, 3: model.scale * width})
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about itself
        exporter.setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                model,
                inputs,
                dynamo=True,
                dynamic_shapes=sizes[: len(inputs)],
                input_names=["lr", "guide"][: len(inputs)],
                output_names=["sr"],
                verbose=False,
            )
        finally:
            exporter.setLevel(level)
    assert program is not None  # with dynamo
    program.model.metadata_props.update(metadata(model))
    program.save(file, external_data=False)


def _check(model: SISR, file: Path) -> None:
    import onnxruntime  # an extra

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    for sizes in _CHECKED:
        inputs = _inputs(model, *sizes)
        named = {"lr": inputs[0].numpy()} | ({"guide": inputs[1].numpy()} if len(inputs) > 1 else {})
        (found,) = session.run(None, named)
        with torch.inference_mode():
            error = float(np.abs(found - model(*inputs).numpy()).max())
        if not error <= TOLERANCE:
            raise ArithmeticError(
                f"onnxruntime {onnxruntime.__version__} differs from torch {torch.__version__} by {error:.2g} in "
                f"reflectance, more than {TOLERANCE:g}; nothing was written."
            )
        logger.info("%s inputs: within %.1e of PyTorch, reflectance.", " x ".join(map(str, sizes)), error)
