"""`rs-srgan inspect`: what predict would read of an image. It works without PyTorch, whose import takes seconds."""

import argparse
import json
import sys
from pathlib import Path

from rs_srgan.cli.option_arguments import READING_OPTIONS, add_option
from rs_srgan.errors import InputError
from rs_srgan.hub.names import DEFAULT_MODELS, local_files
from rs_srgan.inference.options import PredictOptions
from rs_srgan.reading.inspection import inspect_image
from rs_srgan.sensors import find_sensor


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rs-srgan inspect` to a parser."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="IN",
        help="an image or a Sentinel-2 product, as predict takes them; several files with --stack",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--model",
        metavar="M",
        help=f"bundled name or folder of the model whose bands are looked for (default: {DEFAULT_MODELS['10m']})",
    )
    which.add_argument(
        "--bands",
        choices=DEFAULT_MODELS,
        default="10m",
        help="the bands of the default model for Sentinel-2's bands of that pixel size",
    )
    for name in (*READING_OPTIONS, "stack"):
        add_option(parser, name)
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--picture", metavar="P.png", help="write a picture of at most 512 x 512 pixels, too")


def run(options: argparse.Namespace) -> None:
    """Inspect the image and print the findings.

    Raises:
        InputError: the image cannot be read, or is none that the model takes.
    """
    if len(options.sources) > 1 and not options.stack:
        raise InputError(
            f"inspect takes one image, and here are {len(options.sources)}. Inspect them one by one; files with one "
            "band each are one image with --stack."
        )
    chosen = PredictOptions(**{name: getattr(options, name) for name in READING_OPTIONS})
    bands, sensor = _bands_of(options.model or DEFAULT_MODELS[options.bands])
    picture = Path(options.picture) if options.picture else None
    source = options.sources if options.stack else options.sources[0]
    found = inspect_image(source, bands, chosen.stated(), find_sensor(chosen.sensor or sensor), picture)
    sys.stdout.write(f"{json.dumps(found.as_json(), indent=1) if options.json else found}\n")


def _bands_of(model: str) -> tuple[tuple[str, ...], str]:
    """Return the bands of a model and its sensor from its config.json, without loading the model."""
    path = local_files(model)[0]
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return tuple(map(str, config["bands"])), str(config.get("sensor", "sentinel2"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{model} has no readable config.json; expected a bundled model (rs-srgan models) or the folder of one."
        ) from None
