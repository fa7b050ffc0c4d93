"""Unevenness of thin lines, drawn and real: python -m benchmarks.lines [MODEL ...] [--pictures FOLDER].

Needs RS_SRGAN_DATA. Without names it measures all bundled models of the red, green, blue and near infrared bands at x2
and x4, and writes the table in docs/benchmarks.md.

A line is uneven if its brightness changes along its centre. The unevenness is the standard deviation of the changes
that are shorter than about SLOW_LR_PX, over the mean contrast of the line with the ground beside it. Models draw beads
into a line where the input is aliased, and more of them where a product was resampled from the sensor's own grid.
"""

import argparse
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from rs_srgan.models import SISR
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import sisr_model
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from rs_srgan.sensors.projection import back_projected_bicubic, bicubic
from train.data.degradation import SensorJitter
from train.data.sensor_grid import observe
from train.data.sources import data_root, read_chip

SCALES = (4, 2)
ANGLES = (4, 13, 22, 31, 45, 58, 67, 81)  # degrees from the rows' direction
WIDTHS_LR_PX = (0.5, 1.0, 2.0)
SIDE_LR_PX = 96
GROUND, CONTRAST = 0.08, 0.1  # reflectance
TEXTURE = 0.006  # standard deviation of the textured ground, reflectance
GRIDS_ANGLE = 12.0  # angle between the grids of the sensor and the product, degrees
NOISE = 7e-4  # standard deviation of the sensor's noise, reflectance
# Changes along a line that are longer than this many LR pixels are those of the ground.
SLOW_LR_PX = 8.0
# Sampling along the line and across it, and the distance of the ground beside it, LR pixels.
_STEP, _ACROSS, _BESIDE = 0.25, 1.5, 3.0
# Drawn lines are drawn at that many times the pixels of HR, which the sensor model then takes to HR.
_FINER = 4
_MARGIN_LR_PX = 32

Method = Callable[[FloatImage], FloatImage]
# How a line is drawn: on even ground, on textured ground, and on even ground with LR from the sensor's own grid.
Kind = Literal["even", "textured", "resampled"]
KINDS: dict[Kind, str] = {
    "even": "drawn",
    "textured": "drawn, textured ground",
    "resampled": "drawn, resampled from the sensor's grid",
}
Point = tuple[float, float]


@dataclass(frozen=True)
class Road:
    """Straight part of a thin line in a native scene.

    Attributes:
        file: path below the data folder.
        start: row and column of one end, LR pixels; whole numbers are the centres of pixels.
        end: the same of the other end.
        what: the line, in words.
    """

    file: str
    start: Point
    end: Point
    what: str


_NATIVE = "sentinel2_native"
ROADS = (
    Road(f"{_NATIVE}/oresund_33UUB_20170527_10m_rgbn.tif", (62, 159), (118, 195), "road, Scania"),
    Road(f"{_NATIVE}/oresund_33UUB_20170527_10m_rgbn.tif", (551.4, 240), (541.4, 298), "lane, Scania"),
    Road(f"{_NATIVE}/limburg_31UFS_10m_rgbn.tif", (748, 5), (673.3, 175), "bank of a canal, Limburg"),
    Road(f"{_NATIVE}/limburg_31UFS_10m_rgbn.tif", (547.5, 132.5), (633.8, 232.5), "lane, Limburg"),
    Road(f"{_NATIVE}/armagnac_30TYP_20181023_10m_rgbn.tif", (202.5, 300), (212.5, 345), "dirt road, Armagnac"),
    Road(f"{_NATIVE}/armagnac_30TYP_20181023_10m_rgbn.tif", (224.5, 387.5), (237, 453.7), "dirt road, Armagnac"),
    Road(f"{_NATIVE}/antwerp_10m_rgbn.tif", (63, 0), (41, 56), "lane, Antwerp"),
    Road(f"{_NATIVE}/boston_suburb_10m_rgbn.tif", (113, 107), (145, 103), "street, Boston"),
    Road("series/ts_innviertel_winA_10m_rgbn.tif", (92.6, 214.3), (71.9, 253.3), "road, Innviertel"),
)


@dataclass(frozen=True)
class Line:
    """Centre of a line.

    Attributes:
        start: row and column of one end, LR pixels; whole numbers are the centres of pixels.
        end: the same of the other end.
        bend: polynomial of the centre's distance from the straight line, LR pixels, by the share of the way.
    """

    start: Point
    end: Point
    bend: tuple[float, ...] = (0.0,)

    def profiles(self, image: FloatImage, scale: int, across_lr_px: FloatImage) -> FloatImage:
        """Return the brightness of an image along the line, (positions, distances).

        Args:
            image: reflectance, (C, H, W); the first three bands count.
            scale: pixels of the image per LR pixel along each axis.
            across_lr_px: distances from the centre, LR pixels.
        """
        start, end = np.array(self.start), np.array(self.end)
        length = float(np.hypot(*(end - start)))
        share = np.linspace(0, 1, int(length / _STEP) + 1)[:, None, None]
        along = (end - start) / length
        normal = np.array([-along[1], along[0]])
        distance = across_lr_px[None, :, None] + np.polyval(self.bend, share)
        places = (start + share * (end - start) + distance * normal + 0.5) * scale - 0.5
        brightness: FloatImage = image[:3].mean(0)
        sampled: FloatImage = ndimage.map_coordinates(brightness, places.transpose(2, 0, 1), order=3, mode="nearest")
        return sampled


def unevenness(image: FloatImage, scale: int, line: Line) -> float:
    """Return the unevenness of a line, see the module.

    Args:
        image: reflectance, (C, H, W).
        scale: pixels of the image per LR pixel along each axis.
        line: the line.
    """
    centre, *beside = line.profiles(image, scale, np.array([0.0, -_BESIDE, _BESIDE])).T
    contrast = abs(float(np.mean(centre - np.mean(beside, axis=0))))
    fast = centre - ndimage.gaussian_filter1d(centre, SLOW_LR_PX / 2 / _STEP)
    return float(np.std(fast)) / contrast


def traced(image: FloatImage, scale: int, line: Line) -> Line:
    """Return the line with its bend, so that it follows the brightest or darkest pixels.

    Args:
        image: reflectance, (C, H, W), a smooth enlargement.
        scale: pixels of the image per LR pixel along each axis.
        line: the line, straight, at most 1.5 LR pixels off.
    """
    across = np.linspace(-_ACROSS, _ACROSS, 25)
    profiles = line.profiles(image, scale, across)
    beside = line.profiles(image, scale, np.array([-_BESIDE, _BESIDE])).mean()
    profiles = ndimage.gaussian_filter1d(profiles, SLOW_LR_PX / 2 / _STEP, axis=0) * np.sign(profiles.mean() - beside)
    share = np.linspace(0, 1, len(profiles))
    return Line(line.start, line.end, tuple(np.polyfit(share, across[profiles.argmax(1)], 2)))


def drawn(angle: float, width_lr_px: float, scale: int, kind: Kind = "even") -> tuple[FloatImage, FloatImage, Line]:
    """Draw a line, and let the sensor see it.

    Args:
        angle: degrees from the direction of the rows.
        width_lr_px: width, LR pixels.
        scale: 2 or 4.
        kind: how the line is drawn.

    Returns:
        LR and HR, reflectance, and the line.
    """
    random = np.random.default_rng(int(angle * 10 + width_lr_px * 1000))
    finer = scale * _FINER
    places = (np.indices((SIDE_LR_PX * finer,) * 2) + 0.5) / finer - 0.5
    centre = (SIDE_LR_PX - 1) / 2 + random.uniform(-0.5, 0.5, 2)
    along = np.array([-np.sin(np.radians(angle)), np.cos(np.radians(angle))])
    distance = np.abs((places[0] - centre[0]) * along[1] - (places[1] - centre[1]) * along[0])
    covered = np.clip((width_lr_px / 2 - distance) * finer + 0.5, 0, 1)
    ground = GROUND + TEXTURE * (kind == "textured") * _texture(random, covered.shape)
    image = torch.from_numpy(ground + CONTRAST * covered).float().expand(1, 4, -1, -1)
    mtf = SENTINEL2.mtf_nyquist(RGBN)
    hr = degrade(image, _FINER, mtf)
    lr = degrade(hr, scale, wald_mtf(mtf, scale)) if kind != "resampled" else _resampled(hr, scale, random)
    noisy = lr[0].numpy() + NOISE * random.standard_normal(lr.shape[1:]).astype(np.float32)
    reach = SIDE_LR_PX / 3
    ends = centre - reach * along, centre + reach * along
    return noisy, hr[0].numpy(), Line((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]))


def _resampled(hr: torch.Tensor, scale: int, random: np.random.Generator) -> torch.Tensor:
    """Return LR from the sensor's own grid, with a random sub-pixel position of each band."""
    mtf = torch.tensor(wald_mtf(SENTINEL2.mtf_nyquist(RGBN), scale))[None] ** SensorJitter().grid_blur ** 2
    phase = torch.from_numpy(random.uniform(-0.5, 0.5, (1, hr.shape[1], 2))).float()
    return observe(hr, scale, mtf, torch.tensor([GRIDS_ANGLE]), phase)


def _texture(random: np.random.Generator, shape: tuple[int, ...]) -> FloatImage:
    """Return a random field with the mean 0 and the standard deviation 1, whose amplitude falls as 1 / frequency."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(np.fft.rfft2(random.standard_normal(shape)) / frequency, shape)
    normal: FloatImage = field / field.std()
    return normal


def road(root: Path, each: Road) -> tuple[FloatImage, Line]:
    """Return the pixels around a road, reflectance, (C, h, w), and the road in them.

    Raises:
        InputError: the image cannot be read.
    """
    image = np.nan_to_num(read_chip(root / each.file, RGBN).image)
    ends = np.array([each.start, each.end])
    low = np.maximum(ends.min(0).astype(int) - _MARGIN_LR_PX, 0)
    high = ends.max(0).astype(int) + _MARGIN_LR_PX
    (top, left), (bottom, right) = low, high
    start, end = ends - low
    return image[:, top:bottom, left:right], Line((start[0], start[1]), (end[0], end[1]))


def methods(scale: int, models: Iterable[SISR]) -> dict[str, Method]:
    """Return what enlarges LR by `scale`, by name."""
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(RGBN), scale)

    def enlarged(lr: FloatImage) -> FloatImage:
        return bicubic(torch.from_numpy(lr)[None], scale)[0].numpy()

    def back_projected(lr: FloatImage) -> FloatImage:
        return back_projected_bicubic(torch.from_numpy(lr)[None], scale, mtf)[0].numpy()

    own = {model.name: model.predict for model in models if model.scale == scale}
    return {"bicubic": enlarged, "back-projection": back_projected, **own}


def measure(scale: int, models: Iterable[SISR], root: Path) -> dict[str, dict[str, list[float]]]:
    """Return the unevenness by method, "truth" included, and by kind of line, "road" included, in the lines' order."""
    found: dict[str, dict[str, list[float]]] = {}
    known = methods(scale, models)

    def note(name: str, kind: str, sr: FloatImage, line: Line) -> None:
        found.setdefault(name, {}).setdefault(kind, []).append(unevenness(sr, scale, line))

    for kind, angle, width in itertools.product(KINDS, ANGLES, WIDTHS_LR_PX):
        lr, hr, line = drawn(angle, width, scale, kind)
        note("truth", kind, hr, line)
        for name, method in known.items():
            note(name, kind, method(lr), line)
    for each in ROADS:
        lr, line = road(root, each)
        line = traced(known["bicubic"](lr), scale, line)
        for name, method in known.items():
            note(name, "road", method(lr), line)
    return found


def rows(scale: int, found: dict[str, dict[str, list[float]]]) -> list[list[str]]:
    """Write the rows of the table for one scale: means, and the largest of the roads."""
    written = []
    for name, by_kind in found.items():
        cells = [f"{np.mean(by_kind[kind]):.3f}" for kind in KINDS]
        roads = by_kind.get("road")
        cells += [f"{np.mean(roads):.3f}", f"{np.max(roads):.3f}"] if roads else ["", ""]
        written.append([f"x{scale}, {name}", *cells])
    return written


def picture(folder: Path, number: int, name: str, sr: FloatImage, lr: FloatImage) -> None:
    """Write a result as it is, stretched by the percentiles of LR."""
    low, high = np.percentile(lr[:3], (1, 99.5))
    shown = (np.clip((sr[:3] - low) / (high - low), 0, 1) ** 0.6 * 255).astype(np.uint8)
    Image.fromarray(shown.transpose(1, 2, 0)).save(folder / f"road{number}_{name}.png")


def main() -> None:
    """Measure, print the table, and write it if all models were measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lines", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="models; all bundled ones unless given")
    parser.add_argument("--pictures", type=Path, help="also write the roads as PNG files, pixel by pixel, here")
    options = parser.parse_args()
    bundled = [
        name
        for name, model in catalogue().items()
        if not model.config.several and model.config.bands == RGBN and model.config.scale in SCALES
    ]
    models, root = [sisr_model(name) for name in options.names or bundled], data_root()
    lines = [row for scale in SCALES for row in rows(scale, measure(scale, models, root))]
    header = ["", *KINDS.values(), "roads, mean", "roads, largest"]
    text = table(header, lines)
    print(text)
    if not options.names:
        write_block(ROOT / "docs" / "benchmarks.md", "lines", text)
    if options.pictures is not None:
        options.pictures.mkdir(parents=True, exist_ok=True)
        for number, each in enumerate(ROADS):
            lr, _ = road(root, each)
            for name, method in methods(max(SCALES), models).items():
                picture(options.pictures, number, name, method(lr), lr)


if __name__ == "__main__":
    main()
