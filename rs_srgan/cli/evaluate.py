"""`rs-srgan evaluate`: measure a model and write a report."""

import argparse
import sys

from rs_srgan.cli.model_options import add_model_options, model_name
from rs_srgan.cli.option_arguments import READING_OPTIONS, add_option
from rs_srgan.cli.progress import shown_progress
from rs_srgan.errors import InputError
from rs_srgan.evaluation.assessment import evaluate
from rs_srgan.evaluation.report.folder import check_folder, save_report
from rs_srgan.evaluation.report.markdown import by_site, introduction, means
from rs_srgan.hub.names import local_files

_PICTURES = 4


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rs-srgan evaluate` to a parser."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help="HR images, files or folders, from which LR is made; or folders with pairs of files in hr/ and lr/",
    )
    add_model_options(parser)
    parser.add_argument(
        "--no-reference",
        action="store_true",
        help="the images are LR and there is no HR: measure the agreement with LR, the added detail, and tiles",
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="write report.md, report.json and pictures to FOLDER; else only print"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="evaluate at most N images, chosen at random")
    parser.add_argument(
        "--pictures",
        type=int,
        metavar="N",
        help=f"show N sites, chosen at random, and the best and the worst image ({_PICTURES} with -o)",
    )
    parser.add_argument(
        "--site-pattern",
        metavar="REGEX",
        help="regular expression that finds the site in a file's path: its groups, or the whole match "
        "(default: sub-folder, tile, or name up to the date)",
    )
    parser.add_argument(
        "--unseen",
        action=argparse.BooleanOptionalAction,
        help="state that training did not use these sites (--no-unseen: that it did); the report and the model's card "
        "repeat the statement, and claim nothing without it",
    )
    for name in READING_OPTIONS:
        add_option(parser, name, note="; of pairs, of LR only" if name == "offset" else "")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of all random choices (%(default)s)")
    parser.add_argument("--ray", action="store_true", help="compute on a Ray cluster, or on all cores of this machine")
    parser.add_argument("--address", metavar="A", help="with --ray: address of the cluster (default: RAY_ADDRESS)")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier report in FOLDER")
    parser.add_argument("--quiet", action="store_true", help="print only warnings and errors")


def run(options: argparse.Namespace) -> None:
    """Evaluate the model, print the tables, and write the report.

    Raises:
        InputError: the request cannot be carried out, see `evaluate` and `check_folder`.
    """
    if options.output:
        check_folder(options.output, options.overwrite, [*options.inputs, *local_files(model_name(options))])
    elif options.pictures:
        raise InputError("Pictures need a folder: -o FOLDER.")
    pictures = options.pictures if options.pictures is not None else _PICTURES
    with shown_progress("image") as show:
        report = evaluate(
            options.inputs,
            model_name(options),
            detail=options.detail,
            reference=not options.no_reference,
            site_pattern=options.site_pattern,
            unseen=options.unseen,
            limit=options.limit,
            pictures=pictures if options.output else 0,
            **{name: getattr(options, name) for name in READING_OPTIONS},
            seed=options.seed,
            progress=None if options.quiet else lambda done, total: show(done, total, 0),
            ray=options.ray or options.address is not None,
            address=options.address,
        )
    if not options.quiet:
        parts = [f"{report.model}: {introduction(report)}", means(report.mean), by_site(report)]
        sys.stdout.write("\n\n".join(parts) + "\n")
    if options.output:
        written = save_report(report, options.output, options.overwrite)
        if not options.quiet:
            sys.stdout.write(f"\n{written}\n")
