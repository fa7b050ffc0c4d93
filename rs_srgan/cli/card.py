"""`rs-srgan card`: write the card of a model."""

import argparse
import sys

from rs_srgan.publishing.describe import describe


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rs-srgan card` to a parser."""
    parser.add_argument("folder", metavar="FOLDER", help="the model's folder, for example runs/finetune/model")
    parser.add_argument(
        "--report",
        nargs="+",
        default=[],
        metavar="REPORT",
        help="folders that `rs-srgan evaluate -o` wrote about the model; their names become the titles of the figures",
    )
    parser.add_argument("--name", metavar="ORG/NAME", help="the model's name on the Hub")
    parser.add_argument("--no-pictures", action="store_true", help="do not copy the pictures of the reports")


def run(options: argparse.Namespace) -> None:
    """Write the card, and print its path."""
    card = describe(options.folder, reports=options.report, name=options.name, pictures=not options.no_pictures)
    sys.stdout.write(f"{card}\n")
