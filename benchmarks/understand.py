"""The tables of docs/understand: python -m benchmarks.understand.

Writes tables in docs/understand/: the blur of Sentinel-2's bands, the reach of every bundled model, and the agreement
of results with their input, measured on the chip in the package spyndex.
"""

import numpy as np
import torch

from benchmarks.picture import chip
from benchmarks.report import ROOT, write_block
from rs_srgan import load_model
from rs_srgan.evaluation.report.tables import table
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.models.catalogue import catalogue
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, psf_sigma, wald_mtf
from rs_srgan.sensors.projection import back_projected_bicubic, bicubic

_PAGES = ROOT / "docs" / "understand"
_TILE_LR_PX, _TILE_OF_SEVERAL_LR_PX = 512, 256


def blur() -> str:
    """Return the table of Sentinel-2's bands: MTF, and the width of the Gaussian that has it."""
    rows = []
    for band in SENTINEL2.bands:
        sigma = float(psf_sigma(torch.tensor(band.mtf_nyquist), 1))
        width = [f"{sigma:.2f}", f"{sigma * band.gsd_m:.1f}"]
        rows.append([band.name, f"{band.gsd_m:g}", f"{band.wavelength_nm:g}", f"{band.mtf_nyquist:.2f}", *width])
    return table(["band", "pixel, m", "wavelength, nm", "MTF at Nyquist", "sigma, pixels", "sigma, m"], rows)


def reach() -> str:
    """Return the table of the models' receptive fields, and of the share of a tile's work that its halo adds."""
    rows = []
    for name in catalogue():
        model = load_model(name)
        tile = _TILE_OF_SEVERAL_LR_PX if model.config.several else _TILE_LR_PX
        added = (1 + 2 * model.receptive_field / tile) ** 2 - 1
        rows.append([f"`{name}`", str(model.receptive_field), str(tile), f"{added:.0%}"])
    return table(["model", "receptive field, LR px", "tile, LR px", "work that the halo adds"], rows)


def agreement() -> str:
    """Return the table of the differences between the chip and what the sensor would see of results."""
    lr = chip()
    model = load_model(DEFAULT_MODEL)
    # the result is as sharp as an image that the same sensor took with finer pixels
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(RGBN), model.scale)
    given = torch.from_numpy(lr)[None]
    results = {
        "bicubic": bicubic(given, model.scale),
        "bicubic + 3 back-projections": back_projected_bicubic(given, model.scale, mtf),
        f"`{DEFAULT_MODEL}`": torch.from_numpy(model.predict(lr))[None],
    }
    rows = []
    for name, sr in results.items():
        difference = np.abs(lr - degrade(sr, model.scale, mtf)[0].numpy())[:, 4:-4, 4:-4] * 10000
        rows.append([name, f"{difference.mean():.1f} DN", f"{np.percentile(difference, 99):.1f} DN"])
    return table(["result", "mean difference", "99 % of the pixels below"], rows)


def main() -> None:
    """Write the tables."""
    write_block(_PAGES / "sensor_model.md", "blur", blur())
    write_block(_PAGES / "tiling.md", "reach", reach())
    write_block(_PAGES / "consistency.md", "agreement", agreement())


if __name__ == "__main__":
    main()
