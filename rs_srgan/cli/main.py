"""The command `rs-srgan`. Exit codes: 0 done, 2 the request is wrong (one line says how), 1 anything else."""

import argparse
import logging
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from rs_srgan.cli import card as card_command
from rs_srgan.cli import evaluate as evaluate_command
from rs_srgan.cli import push as push_command
from rs_srgan.cli.model_options import add_model_options, model_name
from rs_srgan.errors import InputError
from rs_srgan.inference.engines import ENGINES, PRECISIONS
from rs_srgan.inference.memory import save_memory
from rs_srgan.inference.scene import Progress, super_resolve
from rs_srgan.models import MISRConfig
from rs_srgan.models.catalogue import catalogue
from rs_srgan.version import __version__
from rs_srgan.writing.geotiff import COMPRESSIONS


class _Parser(argparse.ArgumentParser):
    """One line for a wrong request, as for every other."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # argparse's own takes -1e3 for an option

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        self.exit(2, f"rs-srgan: {message}. See {self.prog} --help.\n")


def _offset(value: str) -> float | None:
    try:
        return None if value == "auto" else float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is neither auto nor a number") from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="rs-srgan", description="Super-resolution for satellite images.")
    parser.add_argument("--version", action="version", version=f"rs-srgan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    models = commands.add_parser("models", help="what is bundled, with its measured figures")
    models.set_defaults(run=_models, quiet=True)

    predict = commands.add_parser("predict", help="super-resolve a raster, or revisits of one place, into a GeoTIFF")
    predict.add_argument(
        "sources",
        nargs="+",
        metavar="IN",
        help="GeoTIFF, JP2, PNG or NPY with the model's bands, or a Sentinel-2 product (.SAFE, .zip); several are "
        "revisits of one place, in any order",
    )
    predict.add_argument("-o", "--output", required=True, metavar="OUT.tif", help="the GeoTIFF to write")
    add_model_options(predict)
    predict.add_argument(
        "--reference", metavar="IN", help="which of several the result shows (the one that shows most ground)"
    )
    predict.add_argument(
        "--masks",
        nargs="+",
        metavar="M",
        help="of several, one each or - for none: rasters that are zero where an image does not count, or scene "
        "classifications with SCL in their names (products have their own)",
    )
    where = predict.add_mutually_exclusive_group()
    where.add_argument(
        "--bbox",
        nargs=4,
        type=float,
        metavar=("W", "S", "E", "N"),
        help="only this part: degrees of longitude and latitude, WGS 84",
    )
    where.add_argument("--aoi", metavar="F.geojson", help="only what lies in these polygons; no data around them")
    predict.add_argument(
        "--engine", choices=ENGINES, default="auto", help="the fastest that is installed (%(default)s)"
    )
    predict.add_argument("--precision", choices=PRECISIONS, default="auto", help="of the network's arithmetic")
    predict.add_argument(
        "--tile",
        type=int,
        metavar="N",
        help="LR pixels at once; does not change the result (512; of several images 256)",
    )
    predict.add_argument("--threads", type=int, metavar="N", help="CPU threads (all cores)")
    predict.add_argument("--compress", choices=COMPRESSIONS, default="zstd", help="of the output (%(default)s)")
    predict.add_argument(
        "--cog", action="store_true", help="write a Cloud Optimized GeoTIFF, with overviews; takes twice the disk"
    )
    predict.add_argument(
        "--uncertainty",
        metavar="U.tif",
        help="write how far off each pixel may be: half the interval that holds 80 %% of the truth, reflectance",
    )
    predict.add_argument(
        "--offset",
        type=_offset,
        default="auto",
        metavar="auto|N",
        help="DN to add before dividing by 10000 (the file's tags); -1000 for untagged pixels since baseline 04.00",
    )
    predict.add_argument("--resume", action="store_true", help="go on with what a stopped run left, if there is some")
    predict.add_argument(
        "--overwrite", action="store_true", help="replace an existing output, and what a stopped run left of it"
    )
    predict.add_argument("--quiet", action="store_true", help="no progress, only warnings and errors")
    predict.set_defaults(run=_predict)

    evaluate = commands.add_parser("evaluate", help="measure a model beside its baselines, and write a report")
    evaluate_command.add_options(evaluate)
    evaluate.set_defaults(run=evaluate_command.run)

    export = commands.add_parser("export", help="write a model as an ONNX file, reflectance in, reflectance out")
    export.add_argument("model", metavar="M", help="bundled name, folder, or Hub id organisation/name[@revision]")
    export.add_argument("-o", "--output", required=True, metavar="FILE.onnx", help="the file to write")
    export.add_argument("--overwrite", action="store_true", help="replace an existing file")
    export.set_defaults(run=_export, quiet=False)

    card = commands.add_parser("card", help="write a model's card, of what evaluations of it reported")
    card_command.add_options(card)
    card.set_defaults(run=card_command.run, quiet=False)

    push = commands.add_parser("push", help="push a model with its card and figures to the Hugging Face Hub")
    push_command.add_options(push)
    push.set_defaults(run=push_command.run)
    return parser


def _stop(number: int, _: object) -> NoReturn:
    """Leave through every `finally`, so that what was done can be gone on with."""
    sys.exit(128 + number)


def _models(options: argparse.Namespace) -> None:
    rows = [("NAME", "SCALE", "VIEWS", "BANDS", "PSNR dB", "OVER BICUBIC", "OVER BASELINE")]
    for model in catalogue().values():
        bicubic, projected, own = model.psnr_db()
        rows.append(
            (
                model.name,
                f"x{model.config.scale}",
                "any" if isinstance(model.config, MISRConfig) else "1",
                " ".join(model.config.bands),
                f"{own:.2f}",
                f"{own - bicubic:+.2f} dB",
                f"{own - projected:+.2f} dB",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    sys.stdout.write(
        "\nUnseen Sentinel-2 sites, reflectance, peak 1, mean over sites. The baseline is bicubic, back-projected;\n"
        "for models of several views, which are given eight, their shift-and-add. More in each model's card.\n"
    )


def _export(options: argparse.Namespace) -> None:
    from rs_srgan.inference.onnx_export import export  # with an extra

    sys.stdout.write(f"{export(options.model, options.output, overwrite=options.overwrite)}\n")


def _predict(options: argparse.Namespace) -> None:
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
            masks=options.masks,
            reference=None if options.reference is None else _index(options.reference, options.sources),
            bbox=options.bbox,
            aoi=options.aoi,
            tile=options.tile,
            engine=options.engine,
            precision=options.precision,
            threads=options.threads,
            compress=options.compress,
            cog=options.cog,
            uncertainty=options.uncertainty,
            detail=options.detail,
            offset=options.offset,
            resume=options.resume,
            overwrite=options.overwrite,
            progress=None if options.quiet else show,
        )
    finally:
        for bar in bars:
            bar.close()
    if not options.quiet:
        sys.stdout.write(f"{target}\n")


def _index(reference: str, sources: Sequence[str]) -> int:
    """Of the file, given as the whole path or as its last part."""
    names = [Path(source).name for source in sources]
    for index, given in enumerate((*sources, *names)):
        if given.rstrip("/") in (reference.rstrip("/"), Path(reference).name):
            return index % len(sources)
    raise InputError(f"The reference {reference} is none of the images; expected one of {', '.join(names)}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = _parser().parse_args(arguments)
    save_memory()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("rs_srgan").setLevel(logging.WARNING if options.quiet else logging.INFO)
    for library in ("rasterio", "huggingface_hub"):  # their words come with our own errors
        logging.getLogger(library).setLevel(logging.CRITICAL)
    for number in {"SIGTERM", "SIGHUP"} & signal.Signals.__members__.keys():  # from a scheduler or a closing terminal
        if signal.getsignal(signal.Signals[number]) != signal.SIG_IGN:  # as under nohup
            signal.signal(signal.Signals[number], _stop)
    try:
        options.run(options)
        sys.stdout.flush()
    except InputError as error:
        sys.stderr.write(f"rs-srgan: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("rs-srgan: stopped.\n")
        return 130
    except MemoryError as error:
        sys.stderr.write(f"rs-srgan: {str(error) or 'The memory is full.'}\n")
        return 1
    except BrokenPipeError:  # who read the output has gone, as `head` does
        return 1
    except OSError as error:  # disk full, no permission: not a bug of ours, so no traceback
        what = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error
        sys.stderr.write(f"rs-srgan: {what}.\n")
        return 1
    return 0
