"""`rs-srgan models`: the table of bundled models with their measured figures."""

import argparse
import sys

from rs_srgan.models.catalogue import catalogue

_HEADER = ("NAME", "SCALE", "VIEWS", "BANDS", "PSNR dB", "OVER BICUBIC", "OVER BASELINE")
_NOTE = """
Unseen Sentinel-2 sites, reflectance, peak 1, mean over sites. The baseline is bicubic, back-projected;
models of several views get eight, and their baseline is shift-and-add. Each model's card has more figures.
"""


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    rows = [_HEADER]
    for model in catalogue().values():
        bicubic, projected, own = model.psnr_db()
        rows.append(
            (
                model.name,
                f"x{model.config.scale}",
                "any" if model.config.several else "1",
                " ".join(model.config.bands),
                f"{own:.2f}",
                f"{own - bicubic:+.2f} dB",
                f"{own - projected:+.2f} dB",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    sys.stdout.write(_NOTE)
