"""Train a bundled model again by its recipe: python -m train reproduce NAME --minutes 3."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.models.catalogue import catalogue

_CONFIGS = Path(__file__).parent / "configs"


def recipe(name: str) -> Path:
    """Return the path of the configuration that trained a bundled model; both have the same name.

    Raises:
        InputError: there is no such model, or it has no weights to train.
    """
    recipes = {each: _CONFIGS / f"{each.replace('-', '_')}.yaml" for each in catalogue()}
    trained = [each for each, path in recipes.items() if path.is_file()]
    if name not in trained:
        raise InputError(f"No bundled model {name!r} with a recipe; expected one of {', '.join(trained)}.")
    return recipes[name]


def main(arguments: Sequence[str], fit: Callable[[Sequence[str]], None]) -> None:
    """Run the command.

    Args:
        arguments: arguments of the command; those that it does not know are passed to `fit`.
        fit: function that runs a command line of Lightning.

    Raises:
        InputError: no such model, or minutes of 0 or less.
    """
    parser = argparse.ArgumentParser(prog="python -m train reproduce", description=__doc__)
    parser.add_argument("name", help="name of a bundled model; rs-srgan models lists them")
    parser.add_argument(
        "--minutes", type=float, help="length of the run, with its schedule; as in the recipe if left out"
    )
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="folder of the run (runs/reproduce/NAME)")
    options, others = parser.parse_known_args(arguments)
    path = recipe(options.name)
    folder = options.output or Path("runs/reproduce") / options.name
    request = ["fit", "--config", str(path), "--trainer.default_root_dir", str(folder), *others]
    if options.minutes is not None:
        if options.minutes <= 0:
            raise InputError(f"minutes is {options.minutes:g}; expected more than 0.")
        seconds = round(options.minutes * 60)
        length = f"{seconds // 86400:02}:{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        request += ["--trainer.max_time", length, "--ema", "0.99"]  # a short run needs a short average
    fit(request)
    record = json.loads((folder / "model" / "training.json").read_text(encoding="utf-8"))
    shipped = json.loads((catalogue()[options.name].folder / "training.json").read_text(encoding="utf-8"))
    sys.stdout.write(
        f"{options.name}: {record['val/gain']:+.2f} dB over bicubic and three back-projections after "
        f"{record['minutes']:g} minutes; the bundled one: {shipped['val/gain']:+.2f} dB "
        f"after {shipped['minutes']:g}.\n"
    )
