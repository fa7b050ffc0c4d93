"""`export`: a model as one ONNX file, reflectance in, reflectance out, for runtimes without PyTorch."""

import copy
import json
import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError, require_extra, require_path
from rs_srgan.hub.names import local_files
from rs_srgan.models import MISR, SISR
from rs_srgan.models.loading import named_model
from rs_srgan.version import __version__
from rs_srgan.whole_files import whole_file
from rs_srgan.writing.guard import require_unread
from rs_srgan.writing.unfinished import FULL_DISK

logger = logging.getLogger(__name__)

TOLERANCE = 1e-4  # reflectance: one DN
# Batch, height and width in LR pixels, other than those of the trace.
_CHECKED = ((1, 33, 41), (3, 9, 7))
_TRACED = (2, 20, 22)
# Views of a model of several revisits. The graph grows with them, and so does the time of the export: minutes.
_VIEWS = 4


def export(
    model: str | Path | SISR | MISR, target: str | Path, *, views: int | None = None, overwrite: bool = False
) -> Path:
    """Write a model to an ONNX file, and check that onnxruntime computes the same with it.

    The file contains normalisation, bicubic skip and consistency projection. The inputs are `lr`, (B, C, h, w), and for
    a model with guide bands `guide`, (B, G, h * scale, w * scale); the output is `sr`, (B, C, h * scale, w * scale).
    All are float32 reflectance; B, h and w are free. The file's metadata describe the rest: see `metadata`.

    A model of several revisits takes a fixed number of views: `views`, (B, T, C, h, w), with the reference first,
    `mask`, bool (B, T, h, w), and `offsets`, (B, T, 2, h, w), see `MISR.forward`. A view whose mask is False everywhere
    does not count, so fewer revisits are possible, too.

    Args:
        model: a model, or what `load_model` takes.
        target: the file to write, *.onnx.
        views: for a model of several revisits: the number of views, 2 or more; by default 4. The export takes
            minutes.
        overwrite: replace an existing file.

    Returns:
        the file's path.

    Raises:
        InputError: views for a model of one image, a number of views below 2, a target that cannot be written, or
            packages that are not installed, or too old for this model.
        ArithmeticError: the file's results differ from the model's by more than 1e-4; the file is not kept.
    """
    target = require_path("The target", target).absolute()
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
    model = named_model(model)
    count = _checked_views(model, views)
    # The model itself stays on its device, in its precision and in its mode.
    exported = copy.deepcopy(model).to("cpu", torch.float32).eval()
    try:
        with whole_file(target) as file:
            _write(exported, file, count)
            _check(exported, file, count)
    except OSError as error:
        if error.errno in FULL_DISK:
            reason = f"{error.strerror}. Make room there, or choose another folder"
            raise OSError(error.errno, reason, str(target.parent)) from None
        raise InputError(f"{target} cannot be written ({error.strerror}). Choose another folder.") from None
    return target


def metadata(model: SISR | MISR) -> dict[str, str]:
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


def _checked_views(model: SISR | MISR, views: int | None) -> int:
    """Return the number of views of a model; 1 for a model of one image.

    Raises:
        InputError: the number does not fit the model.
    """
    if not model.config.several:
        if views is not None:
            raise InputError(f"{model.name} takes one image, so there are no views. Leave views out.")
        return 1
    count = _VIEWS if views is None else views
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise InputError(f"views is {views!r}; expected a whole number, 2 or more. Use a model of one image for one.")
    return count


def _inputs(model: SISR | MISR, views: int, batch: int, height: int, width: int) -> dict[str, Tensor]:
    """Return noise in the shapes that the model takes, by the names of its inputs: reflectance 0..0.4."""
    config, scale = model.config, model.scale
    generator = torch.Generator().manual_seed(0)
    size = (height, width)
    if config.several:
        shape = (batch, views)
        return {
            "views": 0.4 * torch.rand((*shape, len(config.bands), *size), generator=generator),
            "mask": torch.rand((*shape, *size), generator=generator) > 0.2,
            "offsets": torch.rand((*shape, 2, *size), generator=generator) - 0.5,
        }
    inputs = {"lr": 0.4 * torch.rand((batch, len(config.bands), *size), generator=generator)}
    if config.guide_bands:
        fine = (batch, len(config.guide_bands), height * scale, width * scale)
        inputs["guide"] = 0.4 * torch.rand(fine, generator=generator)
    return inputs


def _write(model: SISR | MISR, file: Path, views: int) -> None:
    batch, height, width = (torch.export.Dim(name) for name in ("batch", "height", "width"))
    inputs = _inputs(model, views, *_TRACED)
    coarse = {name: {0: batch, image.dim() - 2: height, image.dim() - 1: width} for name, image in inputs.items()}
    fine = {"guide": {0: batch, 2: model.scale * height, 3: model.scale * width}}
    sizes = {name: fine.get(name, coarse[name]) for name in inputs}
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about itself
        exporter.setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                model,
                tuple(inputs.values()),
                dynamo=True,
                dynamic_shapes=tuple(sizes.values()),
                input_names=list(inputs),
                output_names=["sr"],
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise InputError(
                f"torch {torch.__version__} cannot write {model.name} as ONNX ({_reason(error)}). Install a newer "
                "torch and onnxscript; torch 2.6 writes neither models with batch normalisation nor glp."
            ) from error
        finally:
            exporter.setLevel(level)
    assert program is not None  # with dynamo
    program.model.metadata_props.update(metadata(model))
    program.save(file, external_data=False)


def _reason(error: BaseException) -> str:
    """Return the first line of the error that PyTorch's exporter stopped at; its own message is pages of advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _check(model: SISR | MISR, file: Path, views: int) -> None:
    import onnxruntime  # an extra

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    for sizes in _CHECKED:
        inputs = _inputs(model, views, *sizes)
        (found,) = session.run(None, {name: image.numpy() for name, image in inputs.items()})
        with torch.inference_mode():
            error = float(np.abs(found - model(*inputs.values()).numpy()).max())
        if not error <= TOLERANCE:
            raise ArithmeticError(
                f"onnxruntime {onnxruntime.__version__} differs from torch {torch.__version__} by {error:.2g} in "
                f"reflectance, more than {TOLERANCE:g}; nothing was written."
            )
        logger.info("%s inputs: within %.1e of PyTorch, reflectance.", " x ".join(map(str, sizes)), error)
