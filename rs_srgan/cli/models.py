"""`rs-srgan models`: the table of bundled models with their measured figures."""

import argparse
import math
import sys

from rs_srgan.models.catalogue import catalogue

_HEADER = ("NAME", "SCALE", "VIEWS", "BANDS", "PSNR dB", "OVER BICUBIC", "OVER BASELINE", "RANGE OVER SITES")
_NOTE = """
Unseen Sentinel-2 sites, reflectance, peak 1, mean over sites. The baseline is the best method without
learning that sees the same input: bicubic, back-projected; for models with guide bands MTF-GLP, back-projected;
for models of several views, which get eight, shift-and-add. The range is that of the gain over the baseline.
Each model's card has more figures.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Set that the command prints no messages beside its table."""
    parser.set_defaults(quiet=True)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    rows = [_HEADER]
    for model in catalogue().values():
        accuracy = model.accuracy
        rows.append(
            (
                model.name,
                f"x{model.config.scale}",
                "any" if model.config.several else "1",
                " ".join(model.config.bands),
                f"{accuracy.model_db:.2f}",
                f"{accuracy.over_bicubic_db:+.2f} dB",
                f"{accuracy.gain_db:+.2f} dB",
                _range(accuracy.gain_range_db),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    sys.stdout.write(_NOTE)


def _range(gains: tuple[float, float]) -> str:
    """Return the least and the greatest gain, dB, as text; empty if they were not measured."""
    return "" if math.isnan(gains[0]) else f"{gains[0]:+.2f} to {gains[1]:+.2f} dB"
