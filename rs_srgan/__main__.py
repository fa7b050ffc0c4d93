"""The command as a process, `rs-srgan` or `python -m rs_srgan`: what holds before and after everything else."""

import io
import os
import signal
import sys


def main() -> int:
    """Run the command; the exit code."""
    _settle_streams()
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # ignored it may be, too, as under nohup
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # during the imports, which take seconds
    from rs_srgan.cli.main import main as run_command

    signal.signal(signal.SIGINT, before)
    try:
        return run_command()
    finally:
        _forget_what_nobody_reads()


def _settle_streams() -> None:
    """Make all three streams usable.

    A descriptor that was closed (`>&-`) would be given to the next file that is opened, and what is printed end up in
    it. And a terminal that knows ASCII only is no reason to fail.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
            setattr(sys, name, open(descriptor, "r" if name == "stdin" else "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _forget_what_nobody_reads() -> None:
    """Else Python complains, when it ends, of a reader that has gone, as `head` does."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
