"""Convert a checkpoint of the original Remote-Sensing-SRGAN: python -m train convert original.ckpt -o FOLDER."""

import argparse
import logging
import pickle
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import SISR, SISRConfig
from rs_srgan.sensors import RGBN

logger = logging.getLogger(__name__)

# Types of NumPy scalars in a pickle; the callbacks of Lightning save such scores.
_SCALAR = np.float64(0).__reduce__()[0]
_NUMPY: list[Any] = [
    *((_SCALAR, f"{core}.multiarray.scalar") for core in ("numpy.core", "numpy._core")),  # names in NumPy 1 and 2
    np.dtype,
    *{type(np.dtype(kind)) for kind in np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"},
]

# Normalisations of the original: reflectance that the network saw as 0, and distance from there to what it saw as 1.
# dn3000 scales DN / 3000 to -1..1; signed scales 0..1 to -1..1; none changes nothing.
NORMALISATIONS = {"dn3000": (0.15, 0.15), "signed": (0.5, 0.5), "none": (0.0, 1.0)}

_NAMED_BANDS = {3: RGBN[:3], 4: RGBN}
_NUMBERS = r"(?:weight|bias|running_mean|running_var|num_batches_tracked)"
# Names in the original and here; the layer {blocks} follows the last residual block.
_NAMES = (
    (rf"conv_block1\.conv_block\.([01])\.({_NUMBERS})", r"head.\1.\2"),
    (rf"residual_blocks\.(\d+)\.conv_block1\.conv_block\.([012])\.({_NUMBERS})", r"body.\1.body.\2.\3"),
    (rf"residual_blocks\.(\d+)\.conv_block2\.conv_block\.0\.({_NUMBERS})", r"body.\1.body.3.\2"),
    (rf"residual_blocks\.(\d+)\.conv_block2\.conv_block\.1\.({_NUMBERS})", r"body.\1.body.4.\2"),
    (rf"conv_block2\.conv_block\.0\.({_NUMBERS})", r"body.{blocks}.\1"),
    (rf"conv_block2\.conv_block\.1\.({_NUMBERS})", r"body.{behind}.\1"),
    (rf"subpixel_convolutional_blocks\.(\d+)\.conv\.({_NUMBERS})", r"upsampling.\1.0.\2"),
    (r"subpixel_convolutional_blocks\.(\d+)\.prelu\.(weight)", r"upsampling.\1.1.\2"),
    (rf"conv_block3\.conv_block\.0\.({_NUMBERS})", r"tail.\1"),
)


def convert(checkpoint: str | Path, normalisation: str = "dn3000", bands: Sequence[str] | None = None) -> SISR:
    """Return the generator of a checkpoint as a `SISR` model that gives the same results.

    Tanh and normalisation become part of the configuration. The model has no bicubic skip and no projection.

    Args:
        checkpoint: a Lightning checkpoint or a state dictionary, with names `generator.net.*` or `net.*`.
        normalisation: normalisation of its training, a key of NORMALISATIONS.
        bands: names of its bands; if left out, red, green and blue, and near infrared if it has four bands.

    Raises:
        InputError: the file is not a checkpoint, or is of another network.
    """
    tensors = _generator_tensors(Path(checkpoint))
    blocks = len({name.split(".")[1] for name in tensors if name.startswith("residual_blocks.")})
    stages = len({name.split(".")[1] for name in tensors if name.startswith("subpixel_convolutional_blocks.")})
    renamed = {_our_name(name, blocks, Path(checkpoint)): tensor for name, tensor in tensors.items()}
    if not blocks or not stages or "head.0.weight" not in renamed:
        raise InputError(f"{checkpoint} has no generator of the original; expected names generator.net.* or net.*.")
    channels, count = renamed["head.0.weight"].shape[:2]
    names = tuple(bands or _NAMED_BANDS.get(count, ()))
    if len(names) != count:
        raise InputError(f"{checkpoint} has {count} bands and {len(names)} band names; expected {count}: use --bands.")
    mean, std = NORMALISATIONS[normalisation]
    model = SISR(
        SISRConfig(
            scale=2**stages,
            bands=names,
            generator="srresnet",
            output="tanh",
            channels=channels,
            blocks=blocks,
            consistent=False,
            reflectance_mean=mean,
            reflectance_std=std,
        )
    )
    expected = model.generator.state_dict()
    wrong = [
        f"{name} is {tuple(renamed[name].shape) if name in renamed else 'missing'}, expected {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name not in renamed or renamed[name].shape != tensor.shape
    ]
    if wrong or renamed.keys() - expected.keys():
        raise InputError(f"{checkpoint} is of another network: {'; '.join(wrong[:3]) or 'it has more layers'}.")
    model.generator.load_state_dict(renamed)
    return model.eval()


def _generator_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of the generator, by their names in its network.

    Raises:
        InputError: the file cannot be read, or has more than tensors.
    """
    if not path.is_file():
        raise InputError(f"The checkpoint {path} does not exist.")
    try:
        with torch.serialization.safe_globals(_NUMPY):
            content = torch.load(path, map_location="cpu", weights_only=True)  # runs no code of the pickle
    except pickle.UnpicklingError:
        raise InputError(
            f"{path} has more than tensors, and could run any code when opened. If you trust the file, load it with "
            "torch.load(path, weights_only=False) and save its state_dict alone."
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError):
        raise InputError(f"{path} is not a PyTorch checkpoint, or it is truncated. Download it again.") from None
    tensors = content.get("state_dict", content) if isinstance(content, Mapping) else {}
    if fusion := [name for name in tensors if "fusion" in str(name).split(".")]:
        logger.warning(
            "%s is a model for several views; convert leaves out its fusion (%s, %s more), for a model of one image.",
            path,
            fusion[0],
            len(fusion) - 1,
        )
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        own = re.fullmatch(r"(?:generator\.)?net\.(.+)", str(name))
        if own and isinstance(tensor, Tensor):
            found[own[1]] = tensor
    return found


def _our_name(name: str, blocks: int, path: Path) -> str:
    for theirs, ours in _NAMES:
        if re.fullmatch(theirs, name):
            return re.sub(theirs, ours, name).format(blocks=blocks, behind=blocks + 1)
    raise InputError(f"{path} has a layer {name}; expected only layers of the original generator.")


def main(arguments: Sequence[str]) -> None:
    """Run the command.

    Raises:
        InputError: a wrong checkpoint, or a folder that is not empty.
    """
    parser = argparse.ArgumentParser(prog="python -m train convert", description=__doc__)
    parser.add_argument("checkpoint", help="checkpoint of the original repository")
    parser.add_argument(
        "-o", "--output", required=True, metavar="FOLDER", help="new folder for config.json and model.safetensors"
    )
    parser.add_argument(
        "--normalisation",
        choices=NORMALISATIONS,
        default="dn3000",
        help="normalisation of its training: DN / 3000 to -1..1 (%(default)s), 0..1 to -1..1, or none",
    )
    parser.add_argument("--bands", nargs="+", metavar="B", help="names of its bands (B04 B03 B02)")
    options = parser.parse_args(arguments)
    target = Path(options.output)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} exists and is not empty; give a new folder.")
    model = convert(options.checkpoint, options.normalisation, options.bands)
    model.save_pretrained(target)
    config = model.config
    sys.stdout.write(
        f"{target}: x{config.scale}, {' '.join(config.bands)}, {config.blocks} blocks of {config.channels} channels. "
        f"Try: rs-srgan predict IN.tif -o OUT.tif --model {target}\n"
    )
