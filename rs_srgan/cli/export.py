"""`rs-srgan export`: a model in, an ONNX file out."""

import argparse
import sys


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="M", help="bundled name, folder, or Hub id organisation/name[@revision]")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.onnx", help="the file to write")
    parser.add_argument(
        "--views", type=int, metavar="T", help="for a model of several revisits: number of views, default 4"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def run(options: argparse.Namespace) -> None:
    """Write the file, and print its name."""
    from rs_srgan.inference.onnx_export import export  # needs an extra

    sys.stdout.write(f"{export(options.model, options.output, views=options.views, overwrite=options.overwrite)}\n")
