"""`rs-srgan card`: options in, a card out."""

import argparse
import sys

from rs_srgan.publishing.describe import describe


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    parser.add_argument("folder", metavar="FOLDER", help="the model's, such as runs/finetune/model")
    parser.add_argument(
        "--report",
        nargs="+",
        default=[],
        metavar="REPORT",
        help="folders that `rs-srgan evaluate -o` wrote of it; their names are the titles of their figures",
    )
    parser.add_argument("--name", metavar="ORG/NAME", help="that it is to have on the Hub")
    parser.add_argument("--no-pictures", action="store_true", help="leave out those of the reports")


def run(options: argparse.Namespace) -> None:
    """Write it, and print its name."""
    card = describe(options.folder, reports=options.report, name=options.name, pictures=not options.no_pictures)
    sys.stdout.write(f"{card}\n")
