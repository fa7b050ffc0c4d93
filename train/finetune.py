"""Fine-tune a trained model on a folder of images: python -m train finetune FOLDER -o RUN."""

import argparse
import dataclasses
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.models import SISR, SISRConfig
from rs_srgan.models.loading import load_model
from rs_srgan.sensors import find_sensor
from train.data.pair_loader import PairLoader
from train.data.pair_split import SPLIT_DISTANCE_M, named, refuse_two_splits, require_distance, split_pairs
from train.data.scenes import Scene, find_scenes, split_by_place
from train.data.units import Reflectance

logger = logging.getLogger(__name__)

_CONFIG = Path(__file__).parent / "configs" / "finetune.yaml"
# Side of the training crops, LR pixels.
_CROP_LR_PX, _LEAST_CROP_LR_PX = 32, 8
_VALIDATIONS = 5


def main(arguments: Sequence[str], fit: Callable[[Sequence[str]], None]) -> None:
    """Run the command.

    Args:
        arguments: arguments of the command; those that it does not know are passed to `fit`.
        fit: function that runs a command line of Lightning.

    Raises:
        InputError: the folder has no images of the model's bands, only one place, or too small images; or the model
            takes several images.
    """
    parser = argparse.ArgumentParser(
        prog="python -m train finetune",
        description="Fine-tune a trained model on a folder with hr/ and lr/ (pairs of files of the same name), or on a "
        "folder of images alone, from which LR is made. Folders train/ and val/ in it set the split; without them a "
        "fifth of the places validates. All options of python -m train fit are accepted, too.",
        allow_abbrev=False,  # else --data would be short for --data.validate_on
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the images")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="RUN", help="folder of the run; the model is in RUN/model"
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"bundled name, folder or Hub id ({DEFAULT_MODEL})")
    parser.add_argument("--bands", type=_listed, metavar="B,B", help="bands of the images, if they are not the model's")
    parser.add_argument("--steps", type=int, default=1000, help="length of the run, steps (1000)")
    _add_data_options(parser)
    options, others = parser.parse_known_args(arguments)
    if options.steps < 1:
        raise InputError(f"steps is {options.steps}; expected at least 1.")
    model = load_model(options.model)
    if not isinstance(model, SISR) or model.config.guide_bands:
        raise InputError(
            f"{options.model} takes several images or a guide; expected a model of one image: rs-srgan models."
        )
    config, chosen = model.config, []
    if options.bands:
        config = _with_bands(config, options.bands)
        chosen = ["--model.config", json.dumps(dataclasses.asdict(config))]
    try:
        chosen += _data(options, config, _reflectance(options))
    except InputError as error:
        if options.bands or "band" not in str(error):
            raise
        raise InputError(f"{error} Or name the bands that the images have: --bands B04,B03,B02.") from None
    request = ["fit", "--config", str(_CONFIG), "--model.init_from", options.model, *chosen, *_length(options.steps)]
    fit([*request, "--trainer.default_root_dir", str(options.output), *others])


def _length(steps: int) -> list[str]:
    """Return the arguments that make a run of so many steps; it validates five times, and at its end."""
    epochs = min(_VALIDATIONS, steps)
    per_epoch = -(-steps // epochs)
    length = ["--data.steps_per_epoch", str(per_epoch), "--trainer.max_epochs", str(epochs)]
    return length if per_epoch * epochs == steps else [*length, "--trainer.max_steps", str(steps)]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _with_bands(config: SISRConfig, bands: tuple[str, ...]) -> SISRConfig:
    """Return a configuration for other bands; the uncertainty and int8 are trained for the bands of the model."""
    return dataclasses.replace(config, bands=bands, mtf_nyquist=(), uncertainty=False, quantized=False)


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the data that decide the split and how files are read, both before Lightning sees them."""
    parser.add_argument(
        *("--data.validate_on", "--data.init_args.validate_on"),
        dest="validate_on",
        type=Path,
        metavar="FILE",
        help="text file that names the images to validate on, one in a line, without suffix",
    )
    parser.add_argument(
        *("--data.split_distance_m", "--data.init_args.split_distance_m"),
        dest="split_distance_m",
        type=float,
        default=SPLIT_DISTANCE_M,
        metavar="M",
        help=f"images nearer to each other than this belong to one place, metres ({SPLIT_DISTANCE_M:g})",
    )
    for name, meaning in (("scale", "reflectance per unit of the stored values"), ("offset", "reflectance at 0")):
        parser.add_argument(
            *(f"--data.reflectance.{name}", f"--data.init_args.reflectance.{name}"),
            dest=name,
            type=float,
            metavar="X",
            help=f"{meaning}, instead of the tags of the files and the sensor",
        )


def _reflectance(options: argparse.Namespace) -> Reflectance | None:
    """Return the conversion of the stored values that the user states; None without one."""
    stated = {name: value for name in ("scale", "offset") if (value := getattr(options, name)) is not None}
    return Reflectance(**stated) if stated else None


def _data(options: argparse.Namespace, config: SISRConfig, reflectance: Reflectance | None) -> list[str]:
    """Return the arguments that choose the data module, the split, the reading of files and the size of the crops."""
    folder, validate_on = options.folder, options.validate_on
    distance_m = require_distance(options.split_distance_m)
    shared = ["--data.split_distance_m", str(distance_m)]
    if reflectance:
        shared += ["--data.reflectance", json.dumps(dataclasses.asdict(reflectance))]
    if (folder / "hr").is_dir() or (folder / "train" / "hr").is_dir():
        pairs = [pair for side in split_pairs(folder, distance_m, validate_on).values() for pair in side]
        load = PairLoader(config.bands, config.scale, sensor=find_sensor(config.sensor), reflectance=reflectance)
        smallest = min(min(shape) for shape in load.prepare(pairs))
        crop = _crop(smallest, f"the LR images in {folder}")
        shared += ["--data.validate_on", str(validate_on)] if validate_on else []
        return ["--data.root", str(folder), *shared, "--data.crop_lr_px", str(crop)]
    train, held_out = _scenes(options, config, reflectance)
    smallest = min(min(scene.shape[1:]) for scene in train) // config.scale
    logger.info("%s has no hr and lr, so LR is made from its images.", folder)
    return [
        *("--data", "train.data.scenes.SceneDataModule"),
        *("--data.train", json.dumps([str(scene.path) for scene in train])),
        *("--data.val", json.dumps([str(scene.path) for scene in held_out])),
        *shared,
        *("--data.crop_lr_px", str(_crop(smallest, f"1/{config.scale} of the images in {folder}"))),
    ]


def _scenes(
    options: argparse.Namespace, config: SISRConfig, reflectance: Reflectance | None
) -> tuple[list[Scene], list[Scene]]:
    folder, validate_on = options.folder, options.validate_on
    if (folder / "train").is_dir():
        refuse_two_splits(folder, validate_on)
        train, held_out = (find_scenes(folder / side, config, reflectance) for side in ("train", "val"))
        return train, held_out
    scenes = find_scenes(folder, config, reflectance)
    if validate_on is None:
        return split_by_place(scenes, options.split_distance_m)
    names = named([scene.path.stem for scene in scenes], validate_on)
    train, held_out = ([each for each in scenes if (each.path.stem in names) == val] for val in (False, True))
    return train, held_out


def _crop(smallest: int, what: str) -> int:
    if smallest < _LEAST_CROP_LR_PX:
        raise InputError(
            f"The smallest of {what} has {smallest} pixels; expected at least {_LEAST_CROP_LR_PX}. Remove it."
        )
    return min(_CROP_LR_PX, smallest // 8 * 8)
