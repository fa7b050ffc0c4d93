"""`rs-srgan batch`: a list of scenes in, a folder of results out, on this machine or on a Ray cluster."""

import argparse
import dataclasses
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from rs_srgan.batch.run import REPORT_TEXT, super_resolve_many
from rs_srgan.batch.state import State
from rs_srgan.cli.model_options import add_model_options, model_name
from rs_srgan.cli.option_arguments import add_option
from rs_srgan.errors import InputError
from rs_srgan.inference.options import PredictOptions

# A batch always resumes; the others name something of one scene.
_LEFT_OUT = {"resume", "uncertainty", "masks", "reference", "detail"}
# Attributes of log records that a line of --log repeats.
_FACTS = ("event", "scene", "block", "seconds", "lr_px")
_PARTS = 1000
_EXIT_CODES = (
    "Exit codes: 0 all scenes are there, 3 some failed, 1 all failed or another error, 2 the request is wrong (one "
    "line says how). The same command does only what is missing."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rs-srgan batch` to a parser."""
    parser.epilog = _EXIT_CODES
    parser.add_argument(
        "list",
        nargs="+",
        metavar="LIST",
        help="a text, CSV or Parquet file that names the scenes; a folder of images and products; images; or a pattern",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="folder of the results: a path, or s3://, gs://, file://"
    )
    parser.add_argument(
        "--address", metavar="A", help="address of a Ray cluster (default: RAY_ADDRESS, else this machine)"
    )
    parser.add_argument(
        "--cpus-per-worker", type=int, metavar="N", help="cores of a worker (default: a node's, at most 8)"
    )
    parser.add_argument("--gpus-per-worker", type=float, default=0.0, metavar="G", help="GPUs of a worker (default: 0)")
    parser.add_argument(
        "--retries", type=int, default=3, metavar="N", help="times that a block is tried again (default: %(default)s)"
    )
    parser.add_argument(
        "--stall",
        type=float,
        default=900.0,
        metavar="S",
        help="seconds after which a worker that does not answer is replaced (default: %(default)g)",
    )
    parser.add_argument(
        "--log", metavar="FILE.jsonl", help="append one JSON object for each event: scene, block, reason"
    )
    add_model_options(parser)
    for field in dataclasses.fields(PredictOptions):
        if field.name not in _LEFT_OUT:
            add_option(parser, field.name)
    parser.add_argument("--quiet", action="store_true", help="show no progress, only warnings and errors")


def run(options: argparse.Namespace) -> None:
    """Do the batch, and exit with 0 if all scenes are there, 3 if some failed, and 1 if all failed.

    Raises:
        InputError: see `super_resolve_many`.
    """
    names = {each.name for each in dataclasses.fields(PredictOptions)} - _LEFT_OUT
    chosen = PredictOptions(detail=options.detail, **{name: getattr(options, name) for name in names})
    plain = options.model is None and options.bands == "10m" and options.detail is None
    with ExitStack() as stack:
        if options.log:
            stack.enter_context(_json_log(Path(options.log)))
        show = None if options.quiet else stack.enter_context(_shown())
        report = super_resolve_many(
            options.list[0] if len(options.list) == 1 else options.list,
            options.output,
            None if plain else model_name(options),
            chosen,
            address=options.address,
            cpus_per_worker=options.cpus_per_worker,
            gpus_per_worker=options.gpus_per_worker,
            retries=options.retries,
            stall_seconds=options.stall,
            progress=show.show if show else None,
        )
    if not options.quiet:
        sys.stderr.write(f"{report.summary()}\n")
        sys.stdout.write(f"{str(options.output).rstrip('/')}/{REPORT_TEXT}\n")
    if report.exit_code:
        sys.stdout.flush()
        sys.exit(report.exit_code)


class _Bar:
    """A bar over the scenes; scenes under way count by their pixels. Behind it stands the pace of each node."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None

    def show(self, state: State) -> None:
        """Show the state, on a terminal only; elsewhere each finished scene has a line of its own."""
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            form = "{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
            self._bar = tqdm(total=_PARTS, leave=False, bar_format=form)
        self._bar.update(int(state.share * _PARTS) - self._bar.n)
        seconds = max(state.seconds, 1e-3)
        nodes = " ".join(f"{node}: {px / seconds / 1e3:.3g}k" for node, px in sorted(state.by_node.items())[:4])
        failed = f", {state.failed} failed" if state.failed else ""
        self._bar.set_postfix_str(
            f"{state.done}/{state.scenes} scenes{failed}, {state.lr_px / 1e6:.1f} Mpx, px/s {nodes}"
        )

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def _shown() -> Iterator[_Bar]:
    bar = _Bar()
    with logging_redirect_tqdm():
        try:
            yield bar
        finally:
            bar.close()


class _JsonLines(logging.Formatter):
    """Writes a log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = {name: getattr(record, name) for name in _FACTS if hasattr(record, name)}
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": time, "level": record.levelname.lower(), **facts, "message": record.getMessage()})


@contextmanager
def _json_log(path: Path) -> Iterator[None]:
    """Log to a file, too, within a `with` block.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise InputError(f"The log {path} cannot be written: {error.strerror}. Choose another file.") from None
    handler.setFormatter(_JsonLines())
    library = logging.getLogger("rs_srgan")
    library.addHandler(handler)
    try:
        yield
    finally:
        library.removeHandler(handler)
        handler.close()
