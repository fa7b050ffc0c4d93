"""`python -m torture`: attack the project and print what survived.

To add a part, write a module of this package with a function `run(seed: int, quick: bool, until: Deadline) ->
list[Row]`, and enter it in `PARTS`. Its rows carry the name of the part. `quick` asks for a run of at most a few
seconds, for the fast tests. After `until` a part begins no further attempt; its rows say how many were planned.
docs/reliability.md needs a block `<!-- torture NAME -->` ... `<!-- end torture NAME -->`. A part uses as many processes
as `rs_srgan.cores.usable_cores` allows: `taskset -c 0 python -m torture` keeps it on one core.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from torture.deadline import Deadline
from torture.row import Row
from torture.table import format_rows, write_rows

# The module of each part, and the minutes after which it begins no further attempt. Together they leave three of thirty
# minutes for imports and for attempts that have begun.
PARTS = {
    "fuzz": ("torture.fuzz", 6.5),
    "faults": ("torture.faults", 8.0),
    "numbers": ("torture.numbers", 4.0),
    "load": ("torture.load", 7.0),
    "supply": ("torture.supply", 1.5),
}
SEED = 25


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen parts, print their table, and return 1 if something failed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}. The parts are {', '.join(PARTS)}.")
    rows = [row for part in options.parts or PARTS for row in run_part(part, options.seed, options.quick)]
    print(f"seed {options.seed}{', quick' if options.quick else ''}\n\n{format_rows(rows)}")
    if options.write:
        write_rows(rows)
    return int(any(row.found for row in rows))


def run_part(part: str, seed: int, quick: bool) -> list[Row]:
    """Run one part. If the part itself ends with an error, return a row that says so."""
    start = time.monotonic()
    module, minutes = PARTS[part]
    print(f"{part} ...", file=sys.stderr, flush=True)
    try:
        rows: list[Row] = import_module(module).run(seed, quick, Deadline.after(60 * minutes))
    except Exception as error:  # the other parts are to run all the same
        line = f"the part ended with {type(error).__name__}: {error}"
        return [Row(part, "itself", 1, 0, (line,), time.monotonic() - start)]
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torture", description="Attack the project, print what survived.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="what the random choices begin with (default: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="a few attempts of each kind, in seconds")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/reliability.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
