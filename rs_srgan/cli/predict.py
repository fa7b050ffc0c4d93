"""`rs-srgan predict`: images in, a super-resolved GeoTIFF out."""

import argparse
import dataclasses
import sys

from rs_srgan.cli.model_options import add_model_options, model_name
from rs_srgan.cli.option_arguments import add_option, chosen_options
from rs_srgan.cli.progress import shown_progress
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.super_resolve import super_resolve


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments: images, output, model, and one for each field of `PredictOptions`."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="IN",
        help="GeoTIFF, JP2, PNG or NPY with the model's bands, or a Sentinel-2 product (.SAFE, .zip); several are "
        "revisits of one place, in any order",
    )
    parser.add_argument("-o", "--output", required=True, metavar="OUT.tif", help="the GeoTIFF to write")
    add_model_options(parser)
    for field in dataclasses.fields(PredictOptions):
        if field.name != "detail":  # among the model's
            add_option(parser, field.name)
    parser.add_argument("--quiet", action="store_true", help="show no progress, only warnings and errors")


def run(options: argparse.Namespace) -> None:
    """Super-resolve, show the progress, and print the name of the result."""
    with shown_progress("px", scaled=True) as show:
        target = super_resolve(
            options.sources,
            options.output,
            model_name(options, 1 if options.stack else len(options.sources)),
            chosen_options(options),
            progress=False if options.quiet else lambda state: show(state.done_px, state.total_px, state.resumed_px),
        )
    if not options.quiet:
        sys.stdout.write(f"{target}\n")
