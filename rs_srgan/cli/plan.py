"""`rs-srgan plan`: estimate a large batch."""

import argparse
import dataclasses
import json
import sys

from rs_srgan.batch.estimate import CORE_HOUR, GB_MONTH, GPU_HOUR, Machines, Prices, estimate
from rs_srgan.hub.names import DEFAULT_MODEL


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rs-srgan plan` to a parser."""
    parser.add_argument("--tiles", type=float, required=True, metavar="T", help="Sentinel-2 tiles, each on one date")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="M", help="bundled model (default: %(default)s)")
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="nodes of the cluster (default: 1)")
    parser.add_argument("--cores", type=int, default=2, metavar="C", help="cores of a node (default: 2)")
    parser.add_argument("--gpus", type=int, default=0, metavar="G", help="GPUs of a node (default: 0)")
    parser.add_argument(
        "--gpu-speed", type=float, metavar="PX", help="LR pixels a second of your GPU; none was measured"
    )
    for name, default, what in (
        ("core-hour", CORE_HOUR, "an hour of a core"),
        ("gpu-hour", GPU_HOUR, "an hour of a GPU"),
        ("gb-month", GB_MONTH, "a month of a GB in the store"),
    ):
        parser.add_argument(
            f"--price-{name}", type=float, default=default, metavar="P", help=f"price of {what} (default: {default:g})"
        )
    parser.add_argument("--months", type=float, default=1.0, metavar="M", help="months of storage (default: 1)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print the plan.

    Raises:
        InputError: see `estimate`.
    """
    machines = Machines(options.nodes, options.cores, options.gpus, options.gpu_speed)
    prices = Prices(options.price_core_hour, options.price_gpu_hour, options.price_gb_month)
    lines = estimate(options.tiles, options.model, machines, prices, options.months)
    if options.json:
        sys.stdout.write(json.dumps([dataclasses.asdict(each) for each in lines], indent=1) + "\n")
        return
    wide, values, kinds = (max(len(getattr(each, name)) for each in lines) for name in ("name", "value", "kind"))
    for each in lines:
        text = f"{each.name:<{wide}}  {each.value:>{values}}  {each.kind:<{kinds}}  {each.note}"
        sys.stdout.write(f"{text.rstrip()}\n")
