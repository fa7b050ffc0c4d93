"""`python -m torture.load`: attack for a number of minutes, and print the table."""

import argparse
import logging
import sys
from collections.abc import Sequence

from torture.load.campaign import attack
from torture.load.size import MINUTES, Size
from torture.table import format_rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack for a number of minutes, print the table, and return 1 if something failed."""
    parser = argparse.ArgumentParser(prog="python -m torture.load", description="Many visitors of the app at once.")
    parser.add_argument("--seed", type=int, default=25, help="start of the random choices (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long they ask (default: %(default)s)")
    options = parser.parse_args(arguments)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    rows = attack(options.seed, Size(seconds=60 * options.minutes))
    sys.stdout.write(f"seed {options.seed}\n\n{format_rows(rows)}\n")
    return int(any(row.found for row in rows))


if __name__ == "__main__":
    sys.exit(main())
