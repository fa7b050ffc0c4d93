"""Several revisits against one, on sites that training did not use: python -m benchmarks.revisits [NAME ...].

Needs RS_SRGAN_DATA. Writes the tables in docs/revisits.md, and metrics.json and the card of bundled models.

Simulated tracks: HR is a Sentinel-2 image of 10 m, or with --hr box the mean of 2 x 2 of its pixels. Every view is HR
shifted by up to 1.5 LR pixels in the Fourier domain, blurred by the sensor model with a blur that varies, sampled, with
noise. That is track A. In track B clouds cover about 40 % of every view but the first, and the masks contain them. In
track C the views also differ in gain and offset, and a cloud that is not in the mask covers 10 % of each.

Real tracks: three dates of NAIP, five of a Sentinel-2 tile, and two series of its own pixels. Registration finds the
shifts in all tracks, but those of wcC at x4: its LR images are too small, and the shifts are those of the 10 m images.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.real_revisits import naip_triples, native_series, tile_33twl, write_picture
from benchmarks.report import ROOT, write_block
from benchmarks.series import COUNTS, Series, shift_and_add, simulate
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.protocol import inner
from rs_srgan.evaluation.report.tables import table
from rs_srgan.figures.metrics import METRICS_FILE, Metrics, write_metrics
from rs_srgan.figures.tracks import TRACK_METHODS, Track, TrackMethod
from rs_srgan.models import MISR
from rs_srgan.models.fusion.recursive import RecursiveFusion
from rs_srgan.models.loading import load_model
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.publishing.card import write_card
from rs_srgan.registration.align import Stack, align
from rs_srgan.sensors.projection import bicubic
from train.data.sources import data_root, halve, sentinel2_sites

TRACKS = {
    "A": "simulated: shifts and noise",
    "B": "simulated: shifts, noise and 40 % clouds, masked",
    "C": "simulated: as B, with other gains and offsets, and 10 % clouds that are not masked",
    "NAIP": "real: three dates, years apart, to 1.2 m",
    "33TWL": "real: Sentinel-2 within ten days, to 120 m, clouds masked by SCL",
    "wcC": "real: Sentinel-2's own pixels, to 10 m, dates of fields in Belgium within 30 days of the season",
    "innviertel": "real: Sentinel-2's own pixels, to 10 m, two dates of fields in Austria",
}
REAL: dict[str, Callable[[int], Iterator[Series]]] = {
    "NAIP": naip_triples,
    "33TWL": tile_33twl,
    "wcC": partial(native_series, "wcC"),
    "innviertel": partial(native_series, "innviertel"),
}
BICUBIC, CLASSIC = TRACK_METHODS["bicubic"], TRACK_METHODS["shift_and_add"]


@dataclass
class Result:
    """The result of one track.

    Attributes:
        psnr_db: PSNR, dB, by method, number of views and site.
        errors: errors of the registration, LR pixels, one for each view but the first.
    """

    psnr_db: dict[str, dict[int, dict[str, float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    errors: list[float] = field(default_factory=list)

    def means(self, method: str) -> dict[int, float]:
        """Return the mean PSNR over the sites, dB, by the number of views that were measured."""
        return {count: float(np.mean(list(found.values()))) for count, found in sorted(self.psnr_db[method].items())}

    def gain(self, method: str, count: int) -> dict[str, float]:
        """Return the gain of so many views over one, dB, by site."""
        one, many = (self.psnr_db[method].get(views, {}) for views in (1, count))
        return {site: many[site] - one[site] for site in one if site in many}


def measure(models: dict[str, MISR], all_series: list[Series], title: str, pictures: Path | None = None) -> Result:
    """Measure all methods on all sites, with 1, 2, 4 ... and all views; a site with fewer views, with all of its own.

    Args:
        models: the models by name.
        all_series: the series, one for each site.
        title: title of the progress bar.
        pictures: folder for pictures of the results; None for no pictures.
    """
    result = Result()
    counts = _counts(max(len(series.views) for series in all_series))
    for series in tqdm(all_series, desc=title, disable=None):
        stack = align(series.views, series.masks, known=series.fields)
        if series.shifts is not None:
            found = np.array([[each.median.rows, each.median.cols] for each in stack.fields])
            result.errors += list(np.hypot(*(found - series.shifts).T)[1:])
        scale = series.hr.shape[1] // series.views[0].shape[1]
        reference = torch.from_numpy(series.views[0])[None]
        whole = np.ones(series.views[0].shape, bool)
        shown: dict[str, FloatImage] = {}

        def add(
            name: str,
            count: int,
            sr: FloatImage,
            series: Series = series,
            shown: dict[str, FloatImage] = shown,
        ) -> None:
            shown[name] = sr
            result.psnr_db[name][count][series.site] = _psnr(sr, series)

        for count in counts:
            part = first(stack, min(count, len(series.views)))
            add(BICUBIC, count, bicubic(reference, scale)[0].numpy())
            for name, how in (("mean", np.mean), ("median", np.median)):
                merged = how(np.stack(series.views[:count]), axis=0).astype(np.float32)
                add(f"{name} of the views, bicubic", count, bicubic(torch.from_numpy(merged)[None], scale)[0].numpy())
            add(CLASSIC, count, shift_and_add(part, scale))
            for name, model in models.items():
                add(name, count, model.predict_aligned(part, whole))
                if isinstance(model.fusion, RecursiveFusion):
                    loose = Stack(np.stack(series.views[:count]), part.mask, part.offsets, part.fields, 0)
                    add(f"{name}, not registered", count, model.predict_aligned(loose, whole))
        for name, model in models.items():
            if len(series.views) == max(COUNTS):
                copies = first(stack, 1, repeated=8)
                add(f"{name}, the reference eight times", 1, model.predict_aligned(copies, whole))
        if pictures:
            write_picture(pictures, series, shown)
    return result


def _psnr(sr: FloatImage, series: Series) -> float:
    if series.clear is None:
        return psnr(inner(sr), inner(series.hr))
    clear = inner(series.clear[None])[0]
    return psnr(inner(sr)[:, clear], inner(series.hr)[:, clear])


def _counts(views: int) -> list[int]:
    return sorted({count for count in COUNTS if count <= views} | {views})


def first(stack: Stack, count: int, repeated: int = 1) -> Stack:
    """Take the first views of a stack.

    Args:
        stack: the registered views.
        count: number of views.
        repeated: number of times that each is repeated.
    """
    chosen = np.arange(count).repeat(repeated)
    fields = [stack.fields[at] for at in chosen]
    return Stack(stack.views[chosen], stack.mask[chosen], stack.offsets[chosen], fields, stack.reference)


def track_series(track: str, scale: int, hr: str) -> Iterator[Series]:
    """Yield the series of a track.

    Args:
        track: a key of TRACKS.
        scale: 2, 4 or 8.
        hr: "sensor", or "box" for the mean of 2 x 2 pixels; ignored by real tracks.
    """
    if track in REAL:
        yield from REAL[track](scale)
        return
    for number, site in enumerate(sentinel2_sites(data_root(), "val")):
        image = site.images[0]
        image = halve(image) if hr == "box" else image
        if np.isfinite(image).all() and min(image.shape[1:]) >= 24 * scale:
            yield simulate(site.name, np.ascontiguousarray(image), scale, track, number)


def report(result: Result, models: dict[str, MISR], title: str) -> str:
    """Write the table of a track: the mean over sites, and the site with the least gain.

    Args:
        result: the result.
        models: the models by name.
        title: title of the track.
    """
    counts = sorted({count for found in result.psnr_db.values() for count in found})
    rows = [
        [name, *(f"{means[count]:.2f}" if count in means else "" for count in counts)]
        for name, means in ((name, result.means(name)) for name in result.psnr_db)
    ]
    lines = [f"**{title}**, unseen sites: {len(result.psnr_db[BICUBIC][1])}."]
    if result.errors:
        middle, most = np.quantile(result.errors, [0.5, 0.9])
        lines.append(f"Error of the shifts: median {middle:.3f} LR pixels, 90th percentile {most:.3f}.")
    text = " ".join(lines) + "\n\n" + table(["PSNR, dB", *(f"T = {count}" for count in counts)], rows)
    for name in models:
        gains = [(gain, count, site) for count in counts[1:] for site, gain in result.gain(name, count).items()]
        least, count, site = min(gains)
        text += f"\n\nThe least gain of {name} is {least:+.2f} dB, on {site} with {count} views."
    return text


def track_figures(result: Result, name: str, track: str) -> Track:
    """Return the figures of one model on a track, as its card shows them.

    Args:
        result: the result of the track.
        name: name of the model.
        track: a key of TRACKS.
    """
    mean: dict[TrackMethod, dict[int, float]] = {
        "bicubic": result.means(BICUBIC),
        "shift_and_add": result.means(CLASSIC),
        "model": result.means(name),
    }
    by_views = sorted(result.psnr_db[name].items())
    sites = {site: {count: found[site] for count, found in by_views} for site in result.psnr_db[name][1]}
    middle, most = np.quantile(result.errors, [0.5, 0.9]).tolist() if result.errors else (0.0, 0.0)
    shift = (middle, most) if result.errors else None
    return Track(TRACKS[track], True, mean, sites, shift, "naip" if track == "NAIP" else "sentinel-2")


def main() -> None:
    """Measure all tracks, and write the tables, figures and cards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["misr-x4-rgbn", "misr-x2-rgbn"], help="names or folders")
    parser.add_argument("--hr", nargs="*", choices=("sensor", "box"), default=["sensor", "box"])
    parser.add_argument("--tracks", nargs="*", choices=TRACKS, default=list(TRACKS))
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="folder for pictures of the real tracks: HR and all methods with the most views",
    )
    arguments = parser.parse_args()
    by_scale: dict[int, dict[str, MISR]] = defaultdict(dict)
    for name in arguments.models:
        model = load_model(name)
        assert isinstance(model, MISR)
        by_scale[model.scale][model.name] = model
    for scale, models in by_scale.items():
        texts: list[str] = []
        tracks: dict[str, dict[str, Track]] = {name: {} for name in models}
        for track in arguments.tracks:
            real = TRACKS[track].startswith("real")
            for hr in ["sensor"] if real else arguments.hr:
                title = f"x{scale}, {track}, {TRACKS[track]}" + ("" if real else f", HR {hr}")
                pictures = arguments.pictures if real else None
                result = measure(models, list(track_series(track, scale, hr)), title, pictures)
                texts.append(report(result, models, title))
                print(texts[-1] + "\n", flush=True)
                if hr == "sensor":
                    for name in models:
                        tracks[name][track] = track_figures(result, name, track)
        for name, model in models.items():
            folder = ROOT / "hub_cards" / name
            if folder.is_dir() and arguments.tracks == list(TRACKS):
                write_metrics(Metrics(model.fingerprint(), tracks=tracks[name]), folder / METRICS_FILE)
                write_card(folder)
        write_block(ROOT / "docs" / "revisits.md", f"revisits x{scale}", "\n\n".join(texts))


if __name__ == "__main__":
    main()
