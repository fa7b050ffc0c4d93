"""`python -m train convert original.ckpt -o folder`: checkpoints of the original Remote-Sensing-SRGAN."""

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

# What numbers of numpy are made of in a pickle, as in the scores that Lightning's callbacks keep.
_SCALAR = np.float64(0).__reduce__()[0]
_NUMPY: list[Any] = [
    *((_SCALAR, f"{core}.multiarray.scalar") for core in ("numpy.core", "numpy._core")),  # numpy 1's and 2's name
    np.dtype,
    *{type(np.dtype(kind)) for kind in np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"},
]

# Reflectance that was 0 to the original network, and the half range around it that was 1: DN / 3000 brought to -1..1;
# Sentinel-2's 0..1 or photographs brought to -1..1; or left as they were.
NORMALISATIONS = {"dn3000": (0.15, 0.15), "signed": (0.5, 0.5), "none": (0.0, 1.0)}

_NAMED_BANDS = {3: RGBN[:3], 4: RGBN}
_NUMBERS = r"(?:weight|bias|running_mean|running_var|num_batches_tracked)"
# Its names and ours; {blocks} stands behind the last residual block.
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
    """The generator of a checkpoint, as a `SISR` model that computes what it computed.

    Its tanh and its normalisation become part of the configuration; it has no bicubic skip and no projection.

    Args:
        checkpoint: a Lightning checkpoint or a state dictionary, with `generator.net.*` or `net.*`.
        normalisation: a key of NORMALISATIONS.
        bands: names of its bands; by default red, green, blue (and near infrared, if there are four).

    Raises:
        InputError: not a checkpoint, or not of that network.
    """
    tensors = _generator_tensors(Path(checkpoint))
    blocks = len({name.split(".")[1] for name in tensors if name.startswith("residual_blocks.")})
    stages = len({name.split(".")[1] for name in tensors if name.startswith("subpixel_convolutional_blocks.")})
    renamed = {_our_name(name, blocks, Path(checkpoint)): tensor for name, tensor in tensors.items()}
    if not blocks or not stages or "head.0.weight" not in renamed:
        raise InputError(f"{checkpoint} holds no generator of the original: expected generator.net.* or net.*.")
    channels, count = renamed["head.0.weight"].shape[:2]
    names = tuple(bands or _NAMED_BANDS.get(count, ()))
    if len(names) != count:
        raise InputError(f"{checkpoint} has {count} bands and {len(names)} names were given: use --bands.")
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
    """Those of the generator, by their names in its network."""
    if not path.is_file():
        raise InputError(f"The checkpoint {path} does not exist.")
    try:
        with torch.serialization.safe_globals(_NUMPY):
            content = torch.load(path, map_location="cpu", weights_only=True)  # never runs what a pickle says
    except pickle.UnpicklingError:
        raise InputError(
            f"{path} holds more than tensors, which could run any code when opened. Where you trust it, load it with "
            "torch.load(path, weights_only=False) and save its state_dict alone."
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError):
        raise InputError(f"{path} is no PyTorch checkpoint, or it is truncated.") from None
    tensors = content.get("state_dict", content) if isinstance(content, Mapping) else {}
    if fusion := [name for name in tensors if "fusion" in str(name).split(".")]:
        logger.warning(
            "%s is of a model for several views; its fusion (%s, %s more) is left out: it becomes one for one image.",
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
    raise InputError(f"{path} has a layer {name} that the original's generator does not have.")


def main(arguments: Sequence[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m train convert", description=__doc__)
    parser.add_argument("checkpoint", help="of the original repository")
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="for config.json and model.safetensors")
    parser.add_argument(
        "--normalisation",
        choices=NORMALISATIONS,
        default="dn3000",
        help="what its training did: DN / 3000 to -1..1 (%(default)s), 0..1 to -1..1, or none",
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
