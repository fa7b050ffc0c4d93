"""The arguments that choose a model, and the model that they choose."""

import argparse

from rs_srgan.cli.option_arguments import add_option
from rs_srgan.errors import InputError
from rs_srgan.hub.names import DEFAULT_MODELS, DETAIL_MODEL, REVISITS_MODEL


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add --model, --bands and --detail to a command that uses a model."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--model",
        metavar="M",
        help=f"bundled name, folder, or Hub id organisation/name[@revision] (default: {DEFAULT_MODELS['10m']})",
    )
    which.add_argument(
        "--bands",
        choices=DEFAULT_MODELS,
        default="10m",
        help="use the default model for Sentinel-2's bands of that pixel size; 20m bands are brought to 10 m",
    )
    add_option(parser, "detail", note=f"; without --model the model is {DETAIL_MODEL}")


def model_name(options: argparse.Namespace, images: int = 1) -> str:
    """Return the name of the model to load, for that many images of one place.

    Raises:
        InputError: there are several images, and their default model does not take the bands.
    """
    if options.model is not None:
        return str(options.model)
    if images > 1:
        if options.bands != "10m":
            raise InputError(
                f"--bands {options.bands} takes one image; here are {images}, and models of several images take the "
                "10 m bands. Give one image, or leave out --bands."
            )
        return REVISITS_MODEL
    return DETAIL_MODEL if options.detail is not None and options.bands == "10m" else DEFAULT_MODELS[options.bands]
