"""What training finds in pairs of LR and HR before the first step: python -m benchmarks.pairs.

Writes three tables in docs/finetuning.md: how exact the estimated blur, shift and tones are, which wrong pairs are
noticed, and how much a shift costs. Needs RS_SRGAN_DATA with sentinel2 and sentinel2_native. LR is made by Fourier
transform, and not by the code that estimates.
"""

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
import torch
from scipy import ndimage

from benchmarks.own_data import places, read_rgbn, write
from benchmarks.report import ROOT, write_block
from rs_srgan import InputError, load_model
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.report.tables import table
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.reading.grid import composed
from rs_srgan.sensors import RGBN
from rs_srgan.sensors.mtf import wald_mtf
from train.data.pair_check import compare, fitted_mtf
from train.data.pair_loader import Pair, PairLoader
from train.data.relation import relate
from train.data.sources import data_root

SCALE = 4
MTFS = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
# Noise of LR, reflectance: 10 DN of Sentinel-2.
NOISE = 0.001
# Width of the border that is cut off, LR pixels.
RIM_LR_PX = 4
SHIFTS = (0.0, 0.1, 0.25, 0.5, 1.0, 1.5)
PLACES = 6


def seen(
    hr: FloatImage,
    scale: int,
    mtf: float,
    shift: tuple[float, float] = (0.0, 0.0),
    gain: float = 1.0,
    offset: float = 0.0,
    seed: int = 0,
) -> tuple[FloatImage, FloatImage]:
    """Return LR and HR of one place, without their borders; HR's content is shifted against that of LR.

    Args:
        hr: reflectance, (C, H, W).
        scale: 2, 4 or 8.
        mtf: MTF of the blur at the Nyquist frequency of LR.
        shift: distance of HR's content below and right of that of LR, LR pixels.
        gain: factor on HR.
        offset: reflectance that is added.
        seed: seed of the noise.
    """
    pad = 8 * scale
    wide = np.pad(hr.astype(np.float64), ((0, 0), (pad, pad), (pad, pad)), mode="symmetric")
    rows, cols = (np.fft.fftfreq(side) for side in wide.shape[1:])
    squared = rows[:, None] ** 2 + cols[None] ** 2
    blur = mtf ** (squared / (0.5 / scale) ** 2)
    down, right = (each * scale + (scale - 1) / 2 for each in shift)
    moved = np.exp(2j * np.pi * (rows[:, None] * down + cols[None] * right))
    fine = np.fft.ifft2(np.fft.fft2(wide) * blur * moved).real[:, pad:-pad, pad:-pad]
    lr = fine[:, ::scale, ::scale] * gain + offset
    lr = (lr + np.random.default_rng(seed).normal(0, NOISE, lr.shape)).astype(np.float32)
    lr_rim, hr_rim = slice(RIM_LR_PX, -RIM_LR_PX), slice(RIM_LR_PX * scale, -RIM_LR_PX * scale)
    return lr[:, lr_rim, lr_rim], hr[:, hr_rim, hr_rim]


def accuracy(images: list[FloatImage]) -> str:
    """Return the table of the errors of the estimates, over all places and bands."""
    rows = []
    for scale in (2, SCALE):
        for mtf in MTFS:
            errors = []
            for number, image in enumerate(images):
                random = np.random.default_rng(number)
                shift, gain = tuple(random.uniform(-1.5, 1.5, 2)), float(random.uniform(0.8, 1.25))
                made = seen(image, scale, mtf, shift, gain, float(random.uniform(-0.03, 0.03)), number)
                errors.append(
                    [
                        (abs(r.mtf - mtf), max(abs(r.rows - shift[0]), abs(r.cols - shift[1])), abs(r.gain / gain - 1))
                        for r in relate(*made, scale)
                        if r
                    ]
                )
            middle, worst = (f(np.concatenate(errors), axis=0) for f in (np.median, np.max))
            of_places = np.median([np.median(each, axis=0) for each in errors], axis=0)
            rows.append(
                [
                    *(str(scale), f"{mtf:g}", f"{of_places[0]:.3f}"),
                    *(f"{middle[i]:.3f} / {worst[i]:.3f}" for i in (0, 1)),
                    f"{middle[2]:.2%} / {worst[2]:.2%}",
                ]
            )
    header = ["scale", "true MTF", "MTF of all pairs", "MTF of one band", "shift, LR pixels", "gain"]
    text = table(header, rows)
    return (
        f"{text}\n\nErrors of the estimates: median / worst over {len(images)} places of four bands, native pixels of "
        "Sentinel-2 as HR, LR with 10 DN of noise, shifts up to 1.5 LR pixels, gains of 0.8 to 1.25. `MTF of all "
        "pairs` is what the run uses."
    )


@contextmanager
def warnings_of_a_run() -> Iterator[list[str]]:
    """Give the warnings that reading and the check of the pairs log within a `with` block."""
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in ("train", "rs_srgan")]
    for each in loggers:
        each.addHandler(handler)
    try:
        yield found
    finally:
        for each in loggers:
            each.removeHandler(handler)


def to_dn(image: FloatImage) -> np.ndarray:
    """Return reflectance as DN of Sentinel-2."""
    return (image * 10_000).round().clip(1, 65_535).astype(np.uint16)


def write_pair(folder: Path, name: str, lr: np.ndarray, hr: np.ndarray, number: int) -> Pair:
    """Write the DN of a pair at a place of its own."""
    files = folder / "hr" / f"{name}.tif", folder / "lr" / f"{name}.tif"
    for path, dn, gsd_m in zip(files, (hr, lr), (10, 10 * SCALE), strict=True):
        write(path, dn, number, gsd_m)
    return Pair(name, files[0], (files[1],))


def move_coordinates(path: Path) -> None:
    """Move a file by 50 of its pixels."""
    with rasterio.open(path, "r+") as out:
        out.transform = composed(out.transform, rasterio.Affine.translation(50, 0))


def change_crs(path: Path) -> None:
    """Give a file the CRS of the next zone."""
    with rasterio.open(path, "r+") as out:
        out.crs = "EPSG:32633"


def verdict(pairs: list[Pair], wrong: str, expected: tuple[float, ...]) -> str:
    """Return what a run does with pairs, one of which is wrong: refused, warned, fitted, or silent."""
    with warnings_of_a_run() as said:
        try:
            found = compare(pairs, PairLoader(RGBN, SCALE))
        except InputError as error:
            return "refused" if wrong in str(error) else "silent"
        if any(wrong in text for text in said) or any("without blur" in text for text in said):
            return "warned"
        mtf = fitted_mtf(found, expected)
    return "warned" if said else "fitted" if mtf else "silent"


def wrong_pairs(images: list[tuple[str, FloatImage]], dates: list[tuple[FloatImage, FloatImage]]) -> str:
    """Return the table of wrong pairs: how many of each kind a run notices."""
    mtf = wald_mtf(load_model("sisr-x4-rgbn").config.mtf_nyquist, SCALE)
    blur = float(np.mean(mtf))

    def of(image: FloatImage, **changes: float | tuple[float, float]) -> tuple[FloatImage, FloatImage]:
        return seen(image, SCALE, blur, **changes)  # type: ignore[arg-type]

    def other(image: FloatImage, number: int) -> tuple[FloatImage, FloatImage]:
        another = images[(number + 3) % len(images)][1]
        height, width = (min(sides) for sides in zip(image.shape[1:], another.shape[1:], strict=True))
        return of(another[:, :height, :width])[0], of(image[:, :height, :width])[1]

    changes: dict[str, Callable[[FloatImage, int], tuple[FloatImage, FloatImage]]] = {
        "another place": other,
        "shifted by 1.5 LR pixels": lambda image, _: of(image, shift=(1.5, 0.0)),
        "tones times 1.2": lambda image, _: of(image, gain=1.2),
        "tones plus 0.05": lambda image, _: of(image, offset=0.05),
        "red and near infrared exchanged in LR": lambda image, _: (of(image)[0][[3, 1, 2, 0]], of(image)[1]),
        "another CRS": lambda image, _: of(image),
        "coordinates 50 LR pixels apart": lambda image, _: of(image),
        "HR stretched to 8 bits, LR in DN": lambda image, _: of(image),
        "another scale": lambda image, _: (of(image)[0], of(image)[1][:, ::2, ::2]),
        "nearest neighbour, all pairs": lambda image, _: (of(image)[1][:, 1::4, 1::4], of(image)[1]),
        **_more_changes(of),
    }
    after: dict[str, Callable[[Path], None]] = {
        "another CRS": change_crs,
        "coordinates 50 LR pixels apart": move_coordinates,
    }
    rows = []
    for kind, change in changes.items():
        results = []
        for number, (name, _) in enumerate(images):
            with tempfile.TemporaryDirectory() as folder:
                pairs = []
                for index in range(3):  # the wrong one, and two good ones
                    own, picture = images[(number + index) % len(images)]
                    lr, hr = change(picture, number) if index == 0 or "all" in kind else of(picture)
                    dn = to_dn(hr)
                    if index == 0 and "8 bits" in kind:
                        dn = (hr / 0.3 * 255).round().clip(1, 255).astype(np.uint8)
                    pairs.append(write_pair(Path(folder), own, to_dn(lr), dn, index))
                if kind in after:
                    after[kind](pairs[0].lr[0])
                results.append(verdict(pairs, name, mtf))
        rows.append(_counted(kind, results))
    results = []
    for early, late in dates:
        with tempfile.TemporaryDirectory() as folder:
            good = [write_pair(Path(folder), *_dn(f"good{i}", *of(images[i][1])), i) for i in range(2)]
            wrong = write_pair(Path(folder), *_dn("wrong", of(late)[0], of(early)[1]), 2)
            results.append(verdict([*good, wrong], "wrong", mtf))
    rows.append(_counted("another date, 2 months to a year apart", results))
    text = table(["one of three pairs", "cases", "refused", "warned of", "MTF fitted", "silent"], rows)
    return (
        f"{text}\n\nNative pixels of Sentinel-2 as HR; LR has the blur that the default model expects. Warnings of the "
        "reader count: it names 8-bit files."
    )


def _more_changes(
    of: Callable[[FloatImage], tuple[FloatImage, FloatImage]],
) -> dict[str, Callable[[FloatImage, int], tuple[FloatImage, FloatImage]]]:
    """Return kinds of wrong pairs that change LR alone, or put another image in the place of HR.

    Args:
        of: makes a right pair of an image.
    """
    random = np.random.default_rng(0)

    def of_lr(change: Callable[[FloatImage], FloatImage]) -> Callable[[FloatImage, int], tuple[FloatImage, FloatImage]]:
        def changed(image: FloatImage, _: int) -> tuple[FloatImage, FloatImage]:
            lr, hr = of(image)
            return change(lr).astype(np.float32), hr

        return changed

    def square(image: FloatImage) -> FloatImage:
        side = min(image.shape[1:])
        return image[:, :side, :side]

    def clouded(lr: FloatImage) -> FloatImage:
        made = lr.copy()
        made[:, : lr.shape[1] // 2] = 0.8 + random.normal(0, NOISE, made[:, : lr.shape[1] // 2].shape)
        return made

    def turned(lr: FloatImage) -> FloatImage:
        made: FloatImage = ndimage.rotate(lr, 2, (2, 1), reshape=False, mode="reflect")
        return made

    def stretched(lr: FloatImage) -> FloatImage:
        wide = ndimage.zoom(lr, (1, 1.03, 1.03), mode="reflect", grid_mode=True)
        made: FloatImage = wide[:, : lr.shape[1], : lr.shape[2]]
        return made

    def enlarged(image: FloatImage, _: int) -> tuple[FloatImage, FloatImage]:
        lr, _ = of(image)
        return lr, ndimage.zoom(lr, (1, SCALE, SCALE), mode="reflect", grid_mode=True).astype(np.float32)

    quarter = of_lr(lambda lr: np.rot90(lr, 1, (1, 2)))
    return {
        "LR mirrored": of_lr(lambda lr: lr[:, :, ::-1]),
        "LR turned by a quarter": lambda image, number: quarter(square(image), number),
        "LR turned by 2 degrees": of_lr(turned),
        "LR stretched by 3 %": of_lr(stretched),
        "red of LR moved by half an LR pixel": of_lr(
            lambda lr: np.concatenate([ndimage.shift(lr[:1], (0, 0.5, 0), mode="nearest"), lr[1:]])
        ),
        "near infrared of LR is its red": of_lr(lambda lr: lr[[0, 1, 2, 0]]),
        "cloud over half of LR": of_lr(clouded),
        "LR blurred a second time": of_lr(lambda lr: ndimage.gaussian_filter(lr, (0, 0.7, 0.7))),
        "LR sharpened": of_lr(lambda lr: lr + 1.5 * (lr - ndimage.gaussian_filter(lr, (0, 1, 1)))),
        "LR by nearest neighbour": lambda image, _: (of(image)[1][:, 1::4, 1::4], of(image)[1]),
        "HR is LR enlarged": enlarged,
        "LR to the power of 0.7": of_lr(lambda lr: np.maximum(lr, 0) ** 0.7),
        "LR with the noise of 200 DN": of_lr(lambda lr: lr + random.normal(0, 0.02, lr.shape)),
        "LR inverted": of_lr(lambda lr: 0.4 - lr),
    }


def _dn(name: str, lr: FloatImage, hr: FloatImage) -> tuple[str, np.ndarray, np.ndarray]:
    return name, to_dn(lr), to_dn(hr)


def _counted(kind: str, results: list[str]) -> list[str]:
    counts = [str(results.count(each)) for each in ("refused", "warned", "fitted", "silent")]
    return [kind, str(len(results)), *counts]


def tolerance(images: list[tuple[str, FloatImage]]) -> str:
    """Return the table of what a shift costs: PSNR of the default model against HR as training would read it."""
    model = load_model("sisr-x4-rgbn")
    blur = float(np.mean(wald_mtf(model.config.mtf_nyquist, SCALE)))
    loaders = {
        "": PairLoader(RGBN, SCALE),
        "align": PairLoader(RGBN, SCALE, align=True),
        "align and moments": PairLoader(RGBN, SCALE, "moments", align=True),
    }
    rows = []
    for gain in (1.0, 1.2):
        for shift in SHIFTS:
            figures: list[list[float]] = []
            for number, (name, image) in enumerate(images):
                lr, hr = seen(image, SCALE, blur, (shift, 0.0), seed=number)
                with tempfile.TemporaryDirectory() as folder:
                    pair = write_pair(Path(folder), name, to_dn(lr), to_dn(hr * gain), number)
                    figures.append([_psnr(model, *load(pair)) for load in loaders.values()])
            rows.append([f"{gain:g}", f"{shift:g}", *(f"{value:.2f}" for value in np.mean(figures, 0))])
    header = ["HR times", "HR shifted by, LR pixels", "as it is", *list(loaders)[1:]]
    return (
        f"{table(header, rows)}\n\nPSNR in dB of the default model against HR, mean of {len(images)} places: what the "
        "loss sees before the first step."
    )


def _psnr(model: torch.nn.Module, lr: FloatImage, hr: FloatImage) -> float:
    rim = 4 * SCALE
    inner = (slice(None), slice(rim, -rim), slice(rim, -rim))
    return float(psnr(model.predict(lr[0])[inner], hr[inner]))  # type: ignore[operator]


def date_pairs(root: Path) -> list[tuple[FloatImage, FloatImage]]:
    """Return real images of two dates of one place each."""
    native, chips = root / "sentinel2_native", root / "sentinel2"
    punjab = [f"punjab_43RCP_{date}_10m_rgbn.tif" for date in ("20200604_L2A", "20200813_L2A")]
    files = [(native / punjab[0], native / punjab[1])]
    fields = sorted(chips.glob("burgundy_*_2017_10m.tif"))
    files += [(first, first.with_name(first.name.replace("2017", "2018"))) for first in fields]
    found = []
    for pair in files:
        if all(path.is_file() for path in pair):
            one, two = (read_rgbn(path) for path in pair)
            if one is not None and two is not None and one.shape == two.shape:
                found.append((one / np.float32(10_000), two / np.float32(10_000)))
    return found[:PLACES]


def main() -> None:
    """Measure, print and write the three tables; names of tables as arguments choose some of them."""
    root = data_root()
    named = [(name, dn / np.float32(10_000)) for name, dn in places(root / "sentinel2_native", 256)][:PLACES]
    makers: dict[str, Callable[[], str]] = {
        "relation": lambda: accuracy([image for _, image in named]),
        "wrong-pairs": lambda: wrong_pairs(named, date_pairs(root)),
        "tolerance": lambda: tolerance(named),
    }
    for name in sys.argv[1:] or makers:
        text = makers[name]()
        sys.stdout.write(text + "\n\n")
        sys.stdout.flush()
        write_block(ROOT / "docs" / "finetuning.md", name, text)


if __name__ == "__main__":
    main()
