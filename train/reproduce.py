"""`python -m train reproduce NAME --minutes 3`: whether the recipe of a bundled model still trains."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.models.catalogue import catalogue

_CONFIGS = Path(__file__).parent / "configs"


def recipe(name: str) -> Path:
    """The configuration that a bundled model was trained by, which has its name.

    Raises:
        InputError: no such model.
    """
    path = _CONFIGS / f"{name.replace('-', '_')}.yaml"
    if name not in catalogue() or not path.is_file():
        raise InputError(f"No bundled model {name!r}; expected one of {', '.join(catalogue())}.")
    return path


def main(arguments: Sequence[str], fit: Callable[[Sequence[str]], None]) -> None:
    """The command; `fit` runs a command line of Lightning's."""
    parser = argparse.ArgumentParser(prog="python -m train reproduce", description=__doc__)
    parser.add_argument("name", help="of a bundled model (rs-srgan models)")
    parser.add_argument("--minutes", type=float, help="instead of the whole time; the schedule is squeezed into it")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="for the run (runs/reproduce/NAME)")
    options, others = parser.parse_known_args(arguments)
    path = recipe(options.name)
    folder = options.output or Path("runs/reproduce") / options.name
    request = ["fit", "--config", str(path), "--trainer.default_root_dir", str(folder), *others]
    if options.minutes is not None:
        if options.minutes <= 0:
            raise InputError(f"minutes is {options.minutes:g}; expected more than 0.")
        seconds = round(options.minutes * 60)
        length = f"{seconds // 86400:02}:{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        request += ["--trainer.max_time", length, "--ema", "0.99"]  # the memory of a run this short
    fit(request)
    record = json.loads((folder / "model" / "training.json").read_text(encoding="utf-8"))
    shipped = json.loads((catalogue()[options.name].folder / "training.json").read_text(encoding="utf-8"))
    sys.stdout.write(
        f"{options.name}: {record['val/gain']:+.2f} dB over bicubic and three back-projections after "
        f"{record['minutes']:g} minutes; the bundled one: {shipped['val/gain']:+.2f} dB "
        f"after {shipped['minutes']:g}.\n"
    )
