"""Error and speed of a model in int8: python -m benchmarks.int8 FOLDER. Needs RS_SRGAN_DATA and OpenVINO.

Writes the tables in docs/benchmarks.md. FOLDER is a model that the stage train/configs/int8.yaml made, or its name.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.engine import ENCODING
from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.protocol import inner
from rs_srgan.evaluation.report.tables import table
from rs_srgan.inference.engine import Engine
from rs_srgan.inference.engines import make_engine
from rs_srgan.models import SISR
from rs_srgan.models.loading import sisr_model
from rs_srgan.pixels.nodata import fill_from_nearest, fill_reach
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window, crop_replicated
from rs_srgan.sensors.mtf import wald_mtf
from train.data.native import native_sites
from train.data.sources import Site, data_root, sentinel2_sites

PRECISIONS = ("fp32", "bf16", "int8")
# Largest side of an image, pixels: the middle of larger ones is used, so that sites count about equally.
_SIDE_PX = 256
# Side of the window whose speed is measured, without its halo, LR pixels; and repetitions, which take turns.
_SPEED_TILE_PX, _REPETITIONS = 256, 15
# A site of training with snow on half of its ground: the held-out sites have little snow.
_SNOW_SITE = "native/nauders"
_LARGE_PX = 10_000**2  # a scene for which OpenVINO is worthwhile


@dataclass
class Errors:
    """Differences to fp32 of one group of images, summed up.

    Attributes:
        squares: sums over LR pixels of the squared differences, DN, by precision; means over their SR values.
        pixels: number of LR pixels.
        loss_db: PSNR of fp32 less that of int8 for each image that has a truth.
    """

    squares: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PRECISIONS, 0.0))
    pixels: int = 0
    loss_db: list[float] = field(default_factory=list)

    def add(self, squares: dict[str, FloatImage], where: Mask) -> None:
        """Add the squared differences of the SR pixels of some LR pixels, (h, w) by precision, where (h, w)."""
        for precision, each in squares.items():
            self.squares[precision] += float(each[where].sum())
        self.pixels += int(where.sum())

    def row(self, title: str) -> tuple[str, ...]:
        """Return the row of the table."""
        rmse = [f"{np.sqrt(self.squares[each] / max(self.pixels, 1)):.2f} DN" for each in ("bf16", "int8")]
        lost = f"{np.mean(self.loss_db):.3f} dB, at most {max(self.loss_db):.3f}" if self.loss_db else ""
        return (title, f"{self.pixels:,}", *rmse, lost)


def covers(image: FloatImage) -> dict[str, Mask]:
    """Return where an image, reflectance of B04, B03, B02 and B08, shows ground of some kinds; simple thresholds."""
    red, green, _, infrared = image
    vegetation = (infrared - red) / np.maximum(infrared + red, 1e-3)
    snow = np.minimum(red, green) > 0.35
    return {
        "dark water: B08 below 0.05 and B03": (infrared < 0.05) & (green > infrared),
        "other dark ground: mean below 0.06": (image.mean(0) < 0.06) & (infrared >= 0.05),
        "bare ground: B04 above 0.18, NDVI below 0.2": (red > 0.18) & (vegetation < 0.2) & ~snow,
        "snow, clouds, roofs: B03 and B04 above 0.35": snow,
    }


def images(sites: list[Site], halo: int) -> Iterator[tuple[str, FloatImage]]:
    """Yield site names and the middle of each image, reflectance, without holes."""
    for site in sites:
        for image in site.images:
            whole = fill_from_nearest(image, np.isfinite(image), fill_reach(halo))
            height, width = (min(side, _SIDE_PX) // 8 * 8 for side in whole.shape[1:])
            top, left = (whole.shape[1] - height) // 2, (whole.shape[2] - width) // 2
            yield site.name, np.ascontiguousarray(whole[:, top : top + height, left : left + width])


def result(engine: Engine, model: SISR, image: FloatImage) -> FloatImage:
    """Return the DN that an engine makes of a whole image, float64."""
    window = Window(0, 0, *image.shape[1:]).grown(model.receptive_field)
    return engine(crop_replicated(image, window))[0].astype(np.float64)


def measured(model: SISR, engines: dict[str, Engine]) -> dict[str, Errors]:
    """Return the errors by group of held-out sites, by kind of ground, and of a site with much snow."""
    root, bands, scale = data_root(), model.config.bands, model.scale
    groups: dict[str, Errors] = {}
    mtf = wald_mtf(model.config.mtf_nyquist, scale)
    held_out = sentinel2_sites(root, "val", bands) + native_sites(root, "val", bands)
    snow = [site for site in native_sites(root, "train", bands) if site.name == _SNOW_SITE]
    for name, image in images(held_out + snow, model.receptive_field):
        lr = simulate(image, scale, mtf)
        truth, db = inner(image) * 10_000, {}
        for precision in ("fp32", "int8"):
            db[precision] = psnr(inner(result(engines[precision], model, lr)) / 1e4, truth / 1e4)
        results = {precision: result(engine, model, image) for precision, engine in engines.items()}
        squares = {each: _means(np.square(dn - results["fp32"]), scale) for each, dn in results.items()}
        group = groups.setdefault(_group(name), Errors())
        group.loss_db.append(db["fp32"] - db["int8"])
        group.add(squares, np.ones(image.shape[1:], bool))
        if name != _SNOW_SITE:
            for title, where in covers(image).items():
                groups.setdefault(title, Errors()).add(squares, where)
    return groups


def _group(name: str) -> str:
    if name == _SNOW_SITE:
        return "Alps with snow (training site)"
    kind, _, place = name.rpartition("/")
    first = "California, fires" if place.startswith("ca_fire") else place.split("_")[0]
    return f"{kind or 'chips'}: {first}"


def _means(fine: FloatImage, scale: int) -> FloatImage:
    """Return the means over the bands and fine pixels of each LR pixel, (h, w)."""
    bands, height, width = fine.shape
    return fine.reshape(bands, height // scale, scale, width // scale, scale).mean((0, 2, 4))


def speeds(model: SISR, engines: dict[str, Engine]) -> dict[str, float]:
    """Return the speed of each engine with one thread, LR pixels per second of a core; the engines take turns."""
    side = _SPEED_TILE_PX + 2 * model.receptive_field
    window = np.random.default_rng(0).uniform(0, 0.4, (4, side, side)).astype(np.float32)
    seconds: dict[str, list[float]] = {precision: [] for precision in engines}
    for _ in range(_REPETITIONS):
        for precision, engine in engines.items():
            started = time.process_time()
            engine(window)
            seconds[precision].append(time.process_time() - started)
    return {precision: _SPEED_TILE_PX**2 / statistics.median(each[1:]) for precision, each in seconds.items()}


def main() -> None:
    """Measure a model, and print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="folder or name of a model that is trained for int8")
    model = sisr_model(parser.parse_args().model)
    engines = {each: make_engine(model, [ENCODING], _LARGE_PX, "openvino", each, threads=1) for each in PRECISIONS}
    groups = measured(model, engines)
    header = ("ground", "LR px", "bf16, RMSE", "int8, RMSE", "int8, loss of PSNR by image")
    rows = [errors.row(title) for title, errors in sorted(groups.items()) if errors.pixels]
    fast = speeds(model, engines)
    speed_rows = [(each, f"{fast[each] / 1000:.0f} k", f"{fast[each] / fast['bf16']:.2f}") for each in PRECISIONS]
    text = table(header, rows) + "\n\n" + table(("precision", "LR px/s, one core", "times bf16"), speed_rows)
    text += f"\n\n{model.name}, x{model.scale}; RMSE is the difference to fp32 of the same model."
    print(text)
    write_block(ROOT / "docs" / "benchmarks.md", f"int8_x{model.scale}", text)


if __name__ == "__main__":
    main()
