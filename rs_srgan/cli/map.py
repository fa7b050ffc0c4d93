"""`rs-srgan map`: an input and its result as one HTML page with a line that swipes."""

import argparse
import sys
from pathlib import Path

from rs_srgan import maps
from rs_srgan.cli.option_arguments import add_option
from rs_srgan.errors import InputError
from rs_srgan.sensors import find_sensor
from rs_srgan.writing.guard import require_unread


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("lr", metavar="LR", help="the input, as predict takes it")
    parser.add_argument("sr", metavar="SR", help="the result")
    parser.add_argument("-o", "--output", required=True, metavar="MAP.html", help="the page to write")
    parser.add_argument(
        "--bands", metavar="R,G,B", help="names of the bands to show, three or one; by default natural colours"
    )
    parser.add_argument(
        "--base-map", metavar="URL", help="map tiles below the images: https://.../{z}/{x}/{y}.png; by default none"
    )
    parser.add_argument(
        "--bbox", nargs=4, type=float, metavar=("W", "S", "E", "N"), help="part to show, in degrees; by default all"
    )
    parser.add_argument("--names", nargs=2, default=("Input", "Super-resolved"), metavar="N", help="names of both")
    add_option(parser, "sensor")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def run(options: argparse.Namespace) -> None:
    """Write the page, and print its name.

    Raises:
        InputError: an image cannot be read, or the page would be too large.
    """
    target = _target(options)
    compared = maps.compare(
        options.lr,
        options.sr,
        bands=options.bands.split(",") if options.bands else None,
        names=tuple(options.names),
        base_map=options.base_map,
        bbox=options.bbox,
        sensor=find_sensor(options.sensor or "sentinel2"),
    )
    try:
        compared.to_html(target)
    finally:
        compared.close()
    sys.stdout.write(f"{target}\n")


def _target(options: argparse.Namespace) -> Path:
    """Return the checked path of the page."""
    target = Path(options.output).absolute()
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"The map {target} is no page; expected a name ending in .html.")
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist. Create it first.")
    require_unread([target], [options.lr, options.sr])
    if target.exists() and not options.overwrite:
        raise InputError(f"{target} exists. Choose another name, or overwrite it: --overwrite.")
    return target
