"""The process of `rs-srgan` and `python -m rs_srgan`: Ctrl-C during the imports, and streams that are closed."""

import io
import os
import signal
import sys


def main() -> int:
    """Run the command; return its exit code."""
    _settle_streams()
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else it is ignored, as in background jobs
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # during the imports, which take seconds
    from rs_srgan.cli.main import main as run_command

    signal.signal(signal.SIGINT, before)
    try:
        return run_command()
    except KeyboardInterrupt:  # while the command that was chosen is imported
        return 130
    finally:
        _discard_unread_output()


def _settle_streams() -> None:
    """Make stdin, stdout and stderr usable.

    The next file to be opened would get the descriptor of a closed stream (`>&-`), and printed text would end up in the
    file. A terminal that knows only ASCII gets escapes instead of other characters.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_unread_output() -> None:
    """Flush stdout, or discard it if its reader has ended, as `head` does; Python would report that at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
