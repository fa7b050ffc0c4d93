"""How near in season revisits must be: python -m benchmarks.seasons [--write].

Takes each of the 19 dates of a real series of fields (wcC) as the reference once, with up to eight other dates within
some days of the season, and prints the gain over the reference alone. 13 of the dates were HR in training. Needs
RS_SRGAN_DATA. Takes two minutes. --write puts the table into docs/revisits.md; the limit of `predict` comes from it.
"""

import argparse

import numpy as np
from tqdm import tqdm

from benchmarks.real_revisits import native_series
from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.protocol import inner
from rs_srgan.evaluation.report.tables import table
from rs_srgan.models import MISR
from rs_srgan.models.loading import load_model
from rs_srgan.registration.align import align

DAYS = (20, 30, 40, 50, 60, 75, 100, 183)
MODELS = ("misr-x2-rgbn", "misr-x4-rgbn")


def gains(model: MISR, max_days: float) -> list[float]:
    """Return the gain of several views over the reference alone, dB, for each date that has others near it."""
    found = []
    for series in native_series("wcC", model.scale, max_days=max_days, held_out=False):
        stack = align(series.views, series.masks, known=series.fields)
        alone = align(series.views[:1], series.masks[:1])
        whole = np.ones(series.views[0].shape, bool)
        several, one = (inner(model.predict_aligned(each, whole)) for each in (stack, alone))
        found.append(psnr(several, inner(series.hr)) - psnr(one, inner(series.hr)))
    return found


def main() -> None:
    """Measure the limits, and print the table."""
    parser = argparse.ArgumentParser(description="How near in season revisits must be.")
    parser.add_argument("--write", action="store_true", help="write the table into docs/revisits.md")
    options = parser.parse_args()
    models = [model for name in MODELS if isinstance(model := load_model(name), MISR)]
    rows = []
    for days in tqdm(DAYS, disable=None):
        row = [f"{days}"]
        for model in models:
            found = gains(model, days)
            row += [f"{len(found)}", f"{np.mean(found):+.2f}", f"{min(found):+.2f}"]
        rows.append(row)
    head = ["days", *(word for name in MODELS for word in ("dates", f"{name}, mean, dB", "least, dB"))]
    text = table(head, rows)
    print(text)
    if options.write:
        write_block(ROOT / "docs" / "revisits.md", "seasons", text)


if __name__ == "__main__":
    main()
