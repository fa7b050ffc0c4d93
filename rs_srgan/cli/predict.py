"""`rs-srgan predict`: images in, a super-resolved GeoTIFF out."""

import argparse
import dataclasses
import sys
from typing import NoReturn

from tqdm import tqdm

from rs_srgan.cli.model_options import add_model_options, model_name
from rs_srgan.cli.option_arguments import add_option, chosen_options
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.super_resolve import super_resolve
from rs_srgan.inference.work import Progress


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
    """Super-resolve, with a progress bar on a terminal, and print the name of the result."""
    bars: list[tqdm[NoReturn]] = []

    def show(state: Progress) -> None:
        if not bars:  # only when there is something to show; and only on a terminal
            total, first = state.total_px, state.resumed_px
            bars.append(tqdm(total=total, initial=first, unit="px", unit_scale=True, disable=None, leave=False))
        bars[0].update(state.done_px - bars[0].n)

    try:
        target = super_resolve(
            options.sources,
            options.output,
            model_name(options, len(options.sources)),
            chosen_options(options),
            progress=None if options.quiet else show,
        )
    finally:
        for bar in bars:
            bar.close()
    if not options.quiet:
        sys.stdout.write(f"{target}\n")
