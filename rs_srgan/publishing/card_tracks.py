"""What a card tells of a model for several revisits: its gain by the number of views, on every track."""

from collections.abc import Iterator
from typing import Any

from huggingface_hub import EvalResult

from rs_srgan.evaluation.report.tables import table, wrapped
from rs_srgan.models.catalogue import VIEWS

_METHODS = {
    "bicubic": "bicubic of the reference",
    "shift_and_add": "registered shift-and-add, back-projected",
    "model": "model",
}


def gain_db(track: dict[str, Any]) -> tuple[str, float]:
    """Of a track: the number of views that is given for it, eight or all there are, and their gain over one."""
    mean = track["mean"]["model"]
    count = VIEWS if VIEWS in mean else max(mean, key=int)
    return count, mean[count] - mean["1"]


def track_results(scale: int, tracks: dict[str, dict[str, Any]]) -> Iterator[EvalResult]:
    """The figures as the Hub's model-index has them."""
    for key, track in tracks.items():
        count, gain = gain_db(track)
        title = f"Track {key}, {track['title']}, {len(track['sites'])} unseen sites, {count} views"
        figures = (
            ("psnr", "PSNR, dB", track["mean"]["model"][count]),
            ("psnr_gain", "PSNR over one view, dB", gain),
        )
        for metric, described, value in figures:
            yield EvalResult(
                task_type="image-to-image",
                task_name=f"Multi-image super-resolution x{scale}",
                dataset_type="naip" if key == "NAIP" else "sentinel-2",
                dataset_config=f"track {key}",
                dataset_name=title,
                metric_type=metric,
                metric_name=described,
                metric_value=round(value, 2),
            )


def track_figures(tracks: dict[str, dict[str, Any]]) -> str:
    """The tables."""
    parts = [
        wrapped(
            "PSNR of reflectance, peak 1, on sites that training never saw; every site counts once. With one view the "
            "model is the SISR model inside, so the first column is that. Shifts are found by registration, not given. "
            "How the tracks are made: docs/revisits.md."
        )
    ]
    for key, track in tracks.items():
        counts = sorted(track["mean"]["model"], key=int)
        rows = [
            [title, *(f"{track['mean'][method][count]:.2f}" for count in counts)] for method, title in _METHODS.items()
        ]
        found = ""
        if track["shift_error_px"]:
            middle, most = track["shift_error_px"]
            found = f" Shifts found to {middle:.3f} LR pixels (median), 90 % to {most:.3f}."
        parts.append(f"### Track {key}")
        parts.append(wrapped(f"{track['title'].capitalize()}; {len(track['sites'])} sites.{found}"))
        parts.append(table(["PSNR, dB", *(f"T = {count}" for count in counts)], rows))
    parts += ["### By site", _by_site(tracks)]
    return "\n\n".join(parts)


def _by_site(tracks: dict[str, dict[str, Any]]) -> str:
    """Gains over one view; of many sites the best, the middle and the worst."""
    rows = []
    for key, track in tracks.items():
        count, _ = gain_db(track)
        gains = sorted(((psnr[count] - psnr["1"], site) for site, psnr in track["sites"].items()), reverse=True)
        if len(gains) > 12:
            gains = [*gains[:2], gains[len(gains) // 2], *gains[-2:]]
        rows += [[f"{key}, {count} views", site, f"{gain:+.2f}"] for gain, site in gains]
    return table(["track", "site", "gain over one view, dB"], rows)
