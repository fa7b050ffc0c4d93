"""Stopped runs: the signals that stop training, its exit codes, and the line that says how to go on."""

import signal
import sys
import zipfile
from pathlib import Path
from typing import NoReturn

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint

from rs_srgan.errors import InputError

# Checkpoints that Lightning finds itself.
_KEYWORDS = ("last", "best", "hpc")
# How PyTorch reports a file that it could not write to its end.
_CUT_SHORT = ("inline_container", "PytorchStreamWriter", "iostream error")


def catch_signals() -> None:
    """Let SIGTERM and SIGHUP, from a scheduler or a closing terminal, end the run with exit code 128 + N."""
    for number in {"SIGTERM", "SIGHUP"} & signal.Signals.__members__.keys():
        if signal.getsignal(signal.Signals[number]) == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(signal.Signals[number], _stop)


def _stop(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def exit_code(end: BaseException) -> int | None:
    """Return the exit code of a run that Ctrl-C or a signal stopped: 128 + N; None for other ends.

    Args:
        end: the exception that ended the run. Lightning turns Ctrl-C into `SystemExit(1)`.
    """
    cause: BaseException | None = end
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return 128 + signal.SIGINT
        cause = cause.__context__
    code = end.code if isinstance(end, SystemExit) else None
    return code if isinstance(code, int) and code > 128 else None


def last_checkpoint(trainer: L.Trainer) -> Path | None:
    """Return the newest checkpoint of a run: one that it wrote, else the one that it resumed; None without any."""
    ours = [each for each in trainer.checkpoint_callbacks if isinstance(each, ModelCheckpoint)]
    saved = [each.last_model_path or each.best_model_path for each in ours]
    paths = (Path(path) for path in (*saved, trainer.ckpt_path) if path)
    return next((path for path in paths if path.is_file()), None)


def unwritten(error: BaseException) -> OSError | None:
    """Return the error of a full disk or a missing permission, with a message for people; None for other errors.

    Args:
        error: the exception that ended a run, with the notes of `HowToGoOn`.
    """
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename or 'A file of the run could not be written'}: {error.strerror}."
    elif isinstance(error, RuntimeError) and any(sign in str(error) for sign in _CUT_SHORT):
        text = "A checkpoint could not be written to its end. Is the disk full?"
    else:
        return None
    return OSError(" ".join([text, *getattr(error, "__notes__", [])]))


class HowToGoOn(L.Callback):
    """Says how to go on when Ctrl-C, a signal or a full disk stops a run."""

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Print one line, or note it in the error of a full disk; leave other errors as they are."""
        saved = last_checkpoint(trainer)
        rest = f"Go on with the same command and --ckpt_path {saved}" if saved else "This run has no checkpoint yet"
        if unwritten(exception):
            exception.add_note(f"{rest}.")
        elif isinstance(exception, KeyboardInterrupt | SystemExit) and trainer.is_global_zero:
            sys.stderr.write(f"train: stopped at step {trainer.global_step}, without a final model. {rest}.\n")


def require_checkpoint(path: str | None, root: Path = Path()) -> None:
    """Check that a checkpoint to resume exists and is complete.

    Args:
        path: the file, or a keyword of Lightning; None to start anew. "last" also starts anew if there is none yet.
        root: folder of the run.

    Raises:
        InputError: there is no such file, or it is empty or cut off.
    """
    last = root / "checkpoints" / "last.ckpt"
    if path == "last" and last.is_file():
        path = str(last)
    if path is None or path in _KEYWORDS:
        return
    if not Path(path).is_file():
        raise InputError(f"The checkpoint {path} (ckpt_path) does not exist.")
    if not zipfile.is_zipfile(path):  # the directory is at the end of the archive
        raise InputError(
            f"The checkpoint {path} (ckpt_path) has {Path(path).stat().st_size} bytes and is no complete checkpoint. "
            "Give another one, or start anew without it."
        )
