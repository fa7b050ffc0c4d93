"""Several revisits against one, simulated from unseen sites: python -m benchmarks.revisits [NAME ...].

Needs RS_SRGAN_DATA. Writes the tables of docs/revisits.md.

HR is a Sentinel-2 image of 10 m; with --hr box the mean of 2 x 2 of its pixels. Every view is HR, shifted by up to
1.5 LR pixels in the Fourier domain, through the sensor model with a blur that varies, sampled, with noise. Track A is
that; in track B clouds cover about 40 % of every view but the first, and the masks say so; in track C the views also
differ in gain and offset, and a cloud that no mask knows covers 10 % of each. Shifts are found by registration, not
given.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F
from tqdm import tqdm

from benchmarks.report import ROOT, table, write_block
from rs_srgan import bands as band_table
from rs_srgan.evaluation.metrics import psnr
from rs_srgan.evaluation.protocol import inner
from rs_srgan.models import MISR
from rs_srgan.physics import bicubic, degrade, psf_kernel, wald_mtf
from rs_srgan.radiometry import FloatImage, Mask
from rs_srgan.revisits import Stack, align
from train.data.sources import data_root, halve, sentinel2_sites

COUNTS = (1, 2, 4, 8, 16)
TRACKS = {"A": "shifts and noise", "B": "and 40 % clouds, masked", "C": "and other tones, 10 % clouds unmasked"}

_SHIFT_LR_PX = 1.5
_BLUR = (0.9, 1.1)
_NOISE = 7e-4
_SIDE_HR_PX = 256
_MARGIN_LR_PX = 4  # beyond what is shown, so that shifts bring in real ground
_ITERATIONS = 20


@dataclass(frozen=True)
class Series:
    """Views of a site, and the truth at the time of the first.

    Attributes:
        site: its name.
        hr: reflectance, (C, H, W).
        views: reflectance, (C, h, w) each.
        masks: (h, w) each.
        shifts: of the views' content, LR pixels, (T, 2).
    """

    site: str
    hr: FloatImage
    views: list[FloatImage]
    masks: list[Mask]
    shifts: FloatImage


def simulate(name: str, image: FloatImage, scale: int, track: str, seed: int) -> Series:
    """Sixteen views."""
    random = np.random.default_rng((seed, ord(track)))
    mtf = torch.tensor(wald_mtf(band_table.mtf_nyquist(band_table.RGBN), scale))
    margin = _MARGIN_LR_PX * scale
    height, width = ((min(side, _SIDE_HR_PX + 2 * margin) - 2 * margin) // scale * scale for side in image.shape[1:])
    spectrum = np.fft.fft2(np.pad(image, ((0, 0), (margin, margin), (margin, margin)), mode="reflect"))
    views, masks, shifts = [], [], np.zeros((max(COUNTS), 2), np.float32)
    for index in range(max(COUNTS)):
        blur = 1.0 if index == 0 else random.uniform(*_BLUR)
        shifts[index] = 0 if index == 0 else random.uniform(-_SHIFT_LR_PX, _SHIFT_LR_PX, 2)
        moved = [np.fft.ifft2(ndimage.fourier_shift(band, shifts[index] * scale)).real for band in spectrum]
        fine = np.stack(moved).astype(np.float32)[:, 2 * margin :, 2 * margin :][:, :height, :width]
        view = degrade(torch.from_numpy(np.ascontiguousarray(fine))[None], scale, mtf**blur**2)[0].numpy()
        view = view + _NOISE * np.sqrt(view.clip(0.01) / 0.1) * random.standard_normal(view.shape)
        mask = np.ones(view.shape[1:], bool)
        if index and track in "BC":
            mask = ~_clouds(random, mask.shape, 0.4)
            view = np.where(mask, view, random.uniform(0.3, 0.8))
        if index and track == "C":
            view = view * random.normal(1, 0.03, (4, 1, 1)) + random.normal(0, 0.005, (4, 1, 1))
            view = np.where(_clouds(random, mask.shape, 0.1), 0.5 * view + 0.5 * random.uniform(0.3, 0.8), view)
        views.append(view.astype(np.float32))
        masks.append(mask)
    hr = image[:, margin : margin + height, margin : margin + width]
    return Series(name, hr, views, masks, shifts)


def _clouds(random: np.random.Generator, shape: tuple[int, ...], share: float) -> Mask:
    noise = ndimage.gaussian_filter(random.normal(size=shape), 5)
    covered: Mask = noise < np.quantile(noise, share)
    return covered


def shift_and_add(stack: Stack, scale: int) -> FloatImage:
    """The classic: every sample at its place on the fine grid, then back-projections of all views at once.

    Source: Irani and Peleg 1991, as simultaneous iterations (SIRT, Gilbert 1972).
    """
    mtf = torch.tensor(wald_mtf(band_table.mtf_nyquist(band_table.RGBN), scale))
    lr = torch.from_numpy(stack.views)
    mask = torch.from_numpy(stack.mask)[:, None].float()
    mask[stack.reference] = 1
    offsets = torch.from_numpy(stack.offsets).mean((2, 3))
    kernels = []
    for offset in offsets:
        rows, cols = (psf_kernel(mtf, scale, along.expand(4)) for along in offset)
        kernels.append((rows[:, :, None] * cols[:, None])[:, None])
    pad = 2 * scale

    def back(images: torch.Tensor) -> torch.Tensor:
        up = [
            F.conv_transpose2d(each[None], kernel, stride=scale, groups=4)
            for each, kernel in zip(images, kernels, strict=True)
        ]
        return torch.stack(up).sum(0)[..., pad:-pad, pad:-pad]

    weight = back(mask.expand_as(lr)).clamp(min=1e-3)
    sr = bicubic(lr[stack.reference][None], scale)
    for _ in range(_ITERATIONS):
        seen = torch.cat([degrade(sr, scale, mtf, offset[None]) for offset in offsets])
        sr = sr + back(mask * (lr - seen)) / weight
    return sr[0].numpy()


@dataclass
class Result:
    """PSNR by site, of every method and number of views; and how far off the registration was, LR pixels."""

    psnr_db: dict[tuple[str, int], list[float]]
    errors: list[float]


def measure(models: dict[str, MISR], scale: int, track: str, hr: str) -> Result:
    """All methods on all unseen sites."""
    result = Result(defaultdict(list), [])
    for series in tqdm(list(_series(scale, track, hr)), desc=f"x{scale}, track {track}, {hr}", disable=None):
        stack = align(series.views, series.masks)
        found = np.array([[field.median.rows, field.median.cols] for field in stack.fields])
        result.errors += list(np.hypot(*(found - series.shifts).T)[1:])
        reference = torch.from_numpy(series.views[0])[None]

        def add(name: str, count: int, sr: FloatImage, series: Series = series) -> None:
            result.psnr_db[name, count].append(psnr(inner(sr), inner(series.hr)))

        for count in COUNTS:
            part = first(stack, count)
            add("bicubic of the reference", count, bicubic(reference, scale)[0].numpy())
            for name, how in (("mean", np.mean), ("median", np.median)):
                merged = how(np.stack(series.views[:count]), axis=0).astype(np.float32)
                add(f"{name} of the views, bicubic", count, bicubic(torch.from_numpy(merged)[None], scale)[0].numpy())
            add("registered shift-and-add, back-projected", count, shift_and_add(part, scale))
            for name, model in models.items():
                valid = np.ones(series.views[0].shape, bool)
                add(name, count, model.predict_aligned(part, valid))
                if count == max(COUNTS):
                    copies = first(stack, 1, repeated=8)
                    add(f"{name}, the reference eight times", 1, model.predict_aligned(copies, valid))
    return result


def first(stack: Stack, count: int, repeated: int = 1) -> Stack:
    """Some of the views."""
    chosen = np.arange(count).repeat(repeated)
    fields = [stack.fields[at] for at in chosen]
    return Stack(stack.views[chosen], stack.mask[chosen], stack.offsets[chosen], fields, stack.reference)


def _series(scale: int, track: str, hr: str) -> Iterator[Series]:
    for number, site in enumerate(sentinel2_sites(data_root(), "val")):
        image = site.images[0]
        image = halve(image) if hr == "box" else image
        if np.isfinite(image).all() and min(image.shape[1:]) >= 24 * scale:
            yield simulate(site.name, np.ascontiguousarray(image), scale, track, number)


def rows(result: Result) -> list[list[str]]:
    """Of the table: mean over sites, and what more views bring."""
    names = list(dict.fromkeys(name for name, _ in result.psnr_db))
    return [
        [name, *(f"{np.mean(found):.2f}" if (found := result.psnr_db.get((name, count))) else "" for count in COUNTS)]
        for name in names
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["misr-x4-rgbn", "misr-x2-rgbn"], help="names or folders")
    parser.add_argument("--hr", nargs="*", choices=("sensor", "box"), default=["sensor", "box"])
    parser.add_argument("--tracks", default="".join(TRACKS))
    arguments = parser.parse_args()
    texts = []
    by_scale: dict[int, dict[str, MISR]] = defaultdict(dict)
    for name in arguments.models:
        model = MISR.from_pretrained(name)
        by_scale[model.scale][model.name] = model
    for scale, models in by_scale.items():
        for hr in arguments.hr:
            for track in arguments.tracks:
                result = measure(models, scale, track, hr)
                header = ["PSNR, dB", *(f"T = {count}" for count in COUNTS)]
                middle, most = np.quantile(result.errors, [0.5, 0.9])
                sites = len(result.psnr_db["bicubic of the reference", 1])
                title = f"**x{scale}, track {track}** ({TRACKS[track]}), HR {hr}, unseen sites: {sites}. "
                title += f"Shifts found to {middle:.3f} LR pixels (median), 90 % to {most:.3f}."
                texts.append(f"{title}\n\n{table(header, rows(result))}")
                print(texts[-1] + "\n", flush=True)
    write_block(ROOT / "docs" / "revisits.md", "revisits", "\n\n".join(texts))


if __name__ == "__main__":
    main()
