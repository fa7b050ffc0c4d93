"""Several revisits against one, on unseen sites: python -m benchmarks.revisits [NAME ...].

Needs RS_SRGAN_DATA. Writes the tables of docs/revisits.md, and of bundled models metrics.json and the card.

Simulated: HR is a Sentinel-2 image of 10 m; with --hr box the mean of 2 x 2 of its pixels. Every view is HR, shifted by
up to 1.5 LR pixels in the Fourier domain, through the sensor model with a blur that varies, sampled, with noise. Track
A is that; in track B clouds cover about 40 % of every view but the first, and the masks say so; in track C the views
also differ in gain and offset, and a cloud that no mask knows covers 10 % of each.

Real: three dates of NAIP, and five of a Sentinel-2 tile. Shifts are found by registration everywhere, never given.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.real_revisits import naip_triples, tile_33twl, write_picture
from benchmarks.report import ROOT, write_block
from benchmarks.series import COUNTS, Series, shift_and_add, simulate
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.protocol import inner
from rs_srgan.evaluation.report.tables import table
from rs_srgan.models import MISR
from rs_srgan.models.catalogue import METRICS_FILE
from rs_srgan.models.fusion.recursive import RecursiveFusion
from rs_srgan.models.loading import load_model
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.publishing.card import write_card
from rs_srgan.registration.align import Stack, align
from rs_srgan.sensors.projection import bicubic
from train.data.sources import data_root, halve, sentinel2_sites

TRACKS = {
    "A": "simulated: shifts and noise",
    "B": "simulated: and 40 % clouds, masked",
    "C": "simulated: and other tones, 10 % clouds unmasked",
    "NAIP": "real: three dates, years apart, to 1.2 m",
    "33TWL": "real: Sentinel-2 within ten days, to 120 m, clouds masked by SCL",
}
BICUBIC, CLASSIC = "bicubic of the reference", "registered shift-and-add, back-projected"


@dataclass
class Result:
    """PSNR of every method and number of views by site; and how far off the registration was, LR pixels."""

    psnr_db: dict[str, dict[int, dict[str, float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    errors: list[float] = field(default_factory=list)

    def mean(self, method: str, count: int) -> float | None:
        """Over sites; None for what was not measured."""
        found = self.psnr_db[method].get(count)
        return float(np.mean(list(found.values()))) if found else None

    def gain(self, method: str, count: int) -> dict[str, float]:
        """Of so many views over one, by site."""
        one, many = (self.psnr_db[method].get(views, {}) for views in (1, count))
        return {site: many[site] - one[site] for site in one if site in many}


def measure(models: dict[str, MISR], all_series: list[Series], title: str, pictures: Path | None = None) -> Result:
    """All methods on all sites, with 1, 2, 4 ... and all views."""
    result = Result()
    for series in tqdm(all_series, desc=title, disable=None):
        stack = align(series.views, series.masks)
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

        for count in _counts(len(series.views)):
            part = first(stack, count)
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
    """Some of the views."""
    chosen = np.arange(count).repeat(repeated)
    fields = [stack.fields[at] for at in chosen]
    return Stack(stack.views[chosen], stack.mask[chosen], stack.offsets[chosen], fields, stack.reference)


def track_series(track: str, scale: int, hr: str) -> Iterator[Series]:
    """What a track is measured on."""
    if track in ("NAIP", "33TWL"):
        yield from naip_triples(scale) if track == "NAIP" else tile_33twl(scale)
        return
    for number, site in enumerate(sentinel2_sites(data_root(), "val")):
        image = site.images[0]
        image = halve(image) if hr == "box" else image
        if np.isfinite(image).all() and min(image.shape[1:]) >= 24 * scale:
            yield simulate(site.name, np.ascontiguousarray(image), scale, track, number)


def report(result: Result, models: dict[str, MISR], title: str) -> str:
    """The mean over sites, and how the sites differ."""
    counts = sorted({count for found in result.psnr_db.values() for count in found})
    rows = [
        [name, *("" if (mean := result.mean(name, count)) is None else f"{mean:.2f}" for count in counts)]
        for name in result.psnr_db
    ]
    lines = [f"**{title}**, unseen sites: {len(result.psnr_db[BICUBIC][1])}."]
    if result.errors:
        middle, most = np.quantile(result.errors, [0.5, 0.9])
        lines.append(f"Shifts found to {middle:.3f} LR pixels (median), 90 % to {most:.3f}.")
    text = " ".join(lines) + "\n\n" + table(["PSNR, dB", *(f"T = {count}" for count in counts)], rows)
    for name in models:
        gains = [(gain, count, site) for count in counts[1:] for site, gain in result.gain(name, count).items()]
        least, count, site = min(gains)
        text += f"\n\nOf all sites and numbers of views, {name} gains least on {site} with {count}: {least:+.2f} dB."
    return text


def to_json(result: Result, name: str, title: str) -> dict[str, Any]:
    """Of one model, as its card takes it: PSNR by the number of views, the mean over sites and the sites themselves."""
    methods = {"bicubic": BICUBIC, "shift_and_add": CLASSIC, "model": name}
    mean = {
        method: {str(count): round(float(result.mean(key, count) or 0), 4) for count in sorted(result.psnr_db[key])}
        for method, key in methods.items()
    }
    sites = {
        site: {str(count): round(found[site], 4) for count, found in sorted(result.psnr_db[name].items())}
        for site in result.psnr_db[name][1]
    }
    shift = [round(float(each), 4) for each in np.quantile(result.errors, [0.5, 0.9])] if result.errors else None
    return {"title": title, "mean": mean, "sites": sites, "shift_error_px": shift}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["misr-x4-rgbn", "misr-x2-rgbn"], help="names or folders")
    parser.add_argument("--hr", nargs="*", choices=("sensor", "box"), default=["sensor", "box"])
    parser.add_argument("--tracks", nargs="*", choices=TRACKS, default=list(TRACKS))
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="of the real ones: HR and all methods, most views")
    arguments = parser.parse_args()
    by_scale: dict[int, dict[str, MISR]] = defaultdict(dict)
    for name in arguments.models:
        model = load_model(name)
        assert isinstance(model, MISR)
        by_scale[model.scale][model.name] = model
    for scale, models in by_scale.items():
        texts: list[str] = []
        tracks: dict[str, dict[str, Any]] = {name: {} for name in models}
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
                        tracks[name][track] = to_json(result, name, TRACKS[track])
        for name, model in models.items():
            folder = ROOT / "hub_cards" / name
            if folder.is_dir() and arguments.tracks == list(TRACKS):
                metrics = {"fingerprint": model.fingerprint(), "tracks": tracks[name]}
                (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
                write_card(folder)
        write_block(ROOT / "docs" / "revisits.md", f"revisits x{scale}", "\n\n".join(texts))


if __name__ == "__main__":
    main()
