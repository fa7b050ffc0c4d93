"""The command `rs-srgan`: parses the command line, runs one command, and returns an exit code.

Exit codes:
    0: done.
    1: an error of the machine or of the program: a full disk, a full memory, a bug (with a traceback).
    2: the request is wrong; one line says what is wrong, what was expected, and what to do.
    130: stopped by Ctrl-C.
    128 + N: stopped by signal N, SIGTERM or SIGHUP.
"""

import argparse
import logging
import re
import signal
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

from rs_srgan.addresses import without_secrets
from rs_srgan.cli.completion import PRINT_COMPLETION, add_completion
from rs_srgan.errors import InputError, ThreadDied
from rs_srgan.inference.memory import require_address_space, save_memory
from rs_srgan.version import __version__


@dataclass(frozen=True)
class _Command:
    """A command, in the file of its name beside this one.

    Attributes:
        help: what it does, for people.
        computes: whether it uses PyTorch.
    """

    help: str
    computes: bool = True


_COMMANDS = {
    "models": _Command("list the bundled models with their measured figures"),
    "inspect": _Command("show what predict would read of an image: bands, scaling, nodata, figures", computes=False),
    "scenes": _Command("list the Sentinel-2 scenes of a place and a time in a catalogue", computes=False),
    "predict": _Command("super-resolve an image, or revisits of one place, into a GeoTIFF"),
    "map": _Command("write an input and its result as an HTML page with a line that swipes", computes=False),
    "batch": _Command("super-resolve a list of scenes into a folder, on this machine or on a Ray cluster"),
    "plan": _Command("estimate time, storage, traffic and cost of a large batch", computes=False),
    "evaluate": _Command("measure a model beside its baselines, and write a report"),
    "finetune": _Command("adapt a model to a folder of images, or of pairs of LR and HR", computes=False),
    "export": _Command("write a model as an ONNX file, reflectance in, reflectance out"),
    "card": _Command("write a model's card from reports of its evaluations"),
    "push": _Command("push a model with its card and figures to the Hugging Face Hub"),
}
_EXIT_CODES = "Exit codes: 0 done, 2 the request is wrong (one line says how), 1 any other error."


class _Parser(argparse.ArgumentParser):
    """A parser that reports a wrong request in one line."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # argparse's own takes -1e3 for an option

    def error(self, message: str) -> NoReturn:
        """Print one line, and exit with 2."""
        self.exit(2, f"rs-srgan: {without_secrets(message)}. See {self.prog} --help.\n")


def full_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of all commands, for the reference and for completion in a shell."""
    return _parser(_COMMANDS)


def _parser(chosen: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser; only the commands that are chosen are imported, since the imports of some take seconds."""
    parser = _Parser(prog="rs-srgan", description="Super-resolution for satellite images.", epilog=_EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"rs-srgan {__version__}")
    add_completion(parser)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in _COMMANDS.items():
        own = commands.add_parser(name, help=command.help, epilog=_EXIT_CODES)
        if name in chosen:
            module = import_module(f"rs_srgan.cli.{name}")
            module.add_options(own)
            own.set_defaults(run=module.run)
    parser.set_defaults(quiet=False)
    return parser


def _stop(number: int, _: object) -> NoReturn:
    """Exit through every `finally`, so that finished work is kept for --resume."""
    sys.exit(128 + number)


def _set_up(quiet: bool, computes: bool) -> None:
    """Set up the process: memory, threads, logging, and signals from a scheduler or a closing terminal."""
    save_memory()
    if computes:
        _set_threads()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("rs_srgan").setLevel(logging.WARNING if quiet else logging.INFO)
    for library in ("rasterio", "huggingface_hub"):  # our own errors quote their words
        logging.getLogger(library).setLevel(logging.CRITICAL)
    logging.getLogger("concurrent.futures").addFilter(_is_said_by_nobody_else)
    for number in {"SIGTERM", "SIGHUP"} & signal.Signals.__members__.keys():
        if signal.getsignal(signal.Signals[number]) != signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(signal.Signals[number], _stop)


def _is_said_by_nobody_else(record: logging.LogRecord) -> bool:
    """Return False for the traceback with which a pool reports a dead thread; `ThreadDied` says it in one line."""
    return record.msg != "Exception in worker"


def _set_threads() -> None:
    """Use the cores that this process may use."""
    import torch

    from rs_srgan.inference.engine import default_threads

    torch.set_num_threads(default_threads())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code, see the module."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if words and words[0] in _COMMANDS and _COMMANDS[words[0]].computes:
            require_address_space()
    except MemoryError as error:
        sys.stderr.write(f"rs-srgan: {error}\n")
        return 1
    parser = full_parser() if words[:1] == [PRINT_COMPLETION] else _parser(words[:1])
    options = parser.parse_args(words)
    _set_up(options.quiet, _COMMANDS[options.command].computes)
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
    except ThreadDied as error:
        sys.stderr.write(f"rs-srgan: {error}\n")
        return 1
    except RuntimeError as error:
        if "start new thread" not in str(error):  # Python's words where the memory or the number of threads is limited
            raise
        sys.stderr.write("rs-srgan: No thread can be started: the memory is full. Use fewer threads (--threads).\n")
        return 1
    except SystemError as error:
        if "without setting an exception" not in str(error):  # what libraries in C leave when they get no memory
            raise
        sys.stderr.write("rs-srgan: The memory is full.\n")
        return 1
    except BrokenPipeError:  # the reader of the output has ended, as `head` does
        return 1
    except OSError as error:  # a full disk or a missing permission is no bug, so no traceback
        what = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error
        sys.stderr.write(f"rs-srgan: {without_secrets(str(what))}.\n")
        return 1
    return 0
