"""`python -m torture.fuzz READER NUMBER`: repeat one input in this process, and show the traceback of an error."""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from torture.fuzz.reader import READERS, make_reader, random_for


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one input, read it, and return 0 if it was read and 1 if it was not."""
    parser = argparse.ArgumentParser(prog="python -m torture.fuzz", description="Repeat one input of the fuzz.")
    parser.add_argument("reader", choices=READERS, metavar="READER", help=", ".join(READERS))
    parser.add_argument("number", type=int, metavar="NUMBER", help="number of the input")
    parser.add_argument("--seed", type=int, default=25, help="seed of the run (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="empty folder for the input; default: a temporary one")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rs_srgan_fuzz_") as folder:
        reader = make_reader(options.reader, Path(folder) / "templates")
        place = options.keep or Path(folder) / "input"
        place.mkdir(parents=True, exist_ok=True)
        path = reader.write(random_for(options.seed, options.reader, options.number), place)
        try:
            reader.read(path)
        except Exception:
            sys.stdout.write(traceback.format_exc())
            return 1
    sys.stdout.write("The input was read.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
