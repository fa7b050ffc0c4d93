"""`rs-srgan finetune`: a folder of images in, a model that is adapted to them out."""

import argparse
import logging
import sys
from contextlib import redirect_stdout
from pathlib import Path

from rs_srgan.cli.programs import start_training
from rs_srgan.errors import InputError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Fine-tune a trained model on a folder with hr/ and lr/ (pairs of files of the same name), or on a folder of "
        "images alone, from which LR is made. python -m train finetune takes all options of training, too."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the images")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="RUN", help="folder of the run; the model is in RUN/model"
    )
    parser.add_argument("--model", metavar="M", help="model to start from: bundled name, folder or Hub id")
    parser.add_argument("--bands", metavar="B,B", help="bands of the images, if they are not the model's")
    parser.add_argument("--steps", type=int, default=1000, metavar="N", help="length of the run, steps (%(default)s)")
    parser.add_argument(
        "--ckpt_path",
        metavar="CKPT",
        help="checkpoint of a stopped run to go on with; last: that in RUN, or a new run if there is none yet",
    )


def run(options: argparse.Namespace) -> None:
    """Train, and print the folder of the model.

    Raises:
        InputError: the folder does not exist, or the length is not positive.
        SystemExit: training ended with another exit code than 0; its messages begin with "train: ".
    """
    if not options.folder.is_dir():
        raise InputError(f"{options.folder} is no folder; expected one with images, or with hr/ and lr/.")
    if options.steps < 1:
        raise InputError(f"steps is {options.steps}; expected at least 1.")
    words = ["finetune", str(options.folder), "-o", str(options.output), "--steps", str(options.steps)]
    given = {"--model": options.model, "--bands": options.bands, "--ckpt_path": options.ckpt_path}
    words += [word for option, value in given.items() if value for word in (option, value)]
    logging.getLogger().handlers.clear()  # Lightning would print its messages twice
    try:
        with redirect_stdout(sys.stderr):  # Lightning's bar and tables
            start_training("rs-srgan finetune", words)
    except SystemExit as end:
        if end.code:
            raise
    sys.stdout.write(f"{options.output / 'model'}\n")
