"""Which model a command is to use: the options that say so, and what they come to."""

import argparse

from rs_srgan.hub.names import DEFAULT_MODELS, DETAIL_MODEL, REVISITS_MODEL


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Those of the commands that use a model."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--model",
        metavar="M",
        help=f"bundled name, folder, or Hub id organisation/name[@revision] ({DEFAULT_MODELS['10m']})",
    )
    which.add_argument(
        "--bands",
        choices=DEFAULT_MODELS,
        default="10m",
        help="the default model for Sentinel-2's bands of that size; those of 20m are brought to 10 m",
    )
    parser.add_argument(
        "--detail",
        type=float,
        metavar="0..1",
        help=f"how much plausible detail a GAN-trained model may add, none to all ({DETAIL_MODEL} unless --model)",
    )


def model_name(options: argparse.Namespace, images: int = 1) -> str:
    """What `load_model` is to be given, for so many images of a place."""
    if options.model is not None:
        return str(options.model)
    if images > 1:
        return REVISITS_MODEL
    return DETAIL_MODEL if options.detail is not None and options.bands == "10m" else DEFAULT_MODELS[options.bands]
