"""`rs-srgan predict`: images in, a super-resolved GeoTIFF out."""

import argparse
import dataclasses
import logging
import sys

from rs_srgan.cli.model_options import add_model_options, model_name
from rs_srgan.cli.option_arguments import add_option, chosen_options
from rs_srgan.cli.place_options import add_place_options, chosen_scenes, names_place
from rs_srgan.cli.progress import shown_progress
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.super_resolve import super_resolve

logger = logging.getLogger(__name__)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments: images, output, model, and one for each field of `PredictOptions`."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="IN",
        help="GeoTIFF, JP2, PNG or NPY with the model's bands, or a Sentinel-2 product (.SAFE, .zip); several are "
        "revisits of one place, in any order; or stac:earth-search, stac:planetary-computer, stac:copernicus, or the "
        "address of an item, with --bbox or --aoi and --dates",
    )
    parser.add_argument("-o", "--output", required=True, metavar="OUT.tif", help="the GeoTIFF to write")
    add_model_options(parser)
    for field in dataclasses.fields(PredictOptions):
        if field.name != "detail":  # among the model's
            add_option(parser, field.name)
    add_place_options(parser)
    parser.add_argument(
        "--date", metavar="DAY", help="the day to use of a catalogue, instead of the clearest of --dates"
    )
    parser.add_argument("--views", type=int, metavar="N", help="use the best N revisits of a catalogue, not one scene")
    parser.add_argument("--quiet", action="store_true", help="show no progress, only warnings and errors")


def run(options: argparse.Namespace) -> None:
    """Super-resolve, show the progress, and print the name of the result."""
    sources = chosen_scenes(options) if names_place(options.sources) else options.sources
    for scene in sources if sources is not options.sources else ():
        logger.info("%s", scene)
    with shown_progress("px", scaled=True) as show:
        target = super_resolve(
            sources,
            options.output,
            model_name(options, 1 if options.stack else len(sources)),
            chosen_options(options),
            progress=False if options.quiet else lambda state: show(state.done_px, state.total_px, state.resumed_px),
        )
    if not options.quiet:
        sys.stdout.write(f"{target}\n")
