"""The process of `python -m train`: Ctrl-C during the imports, which take seconds, ends it without a traceback."""

import os
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; see `train.commands.main`."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else it is ignored, as in background jobs
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from train.commands import main as run_command

    signal.signal(signal.SIGINT, before)
    return run_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
