"""The part of a card with the figures of a model for several revisits."""

from collections.abc import Mapping

from rs_srgan.evaluation.report.tables import table, wrapped
from rs_srgan.figures.tracks import TRACK_METHODS, Track
from rs_srgan.publishing.unseen import counted_sites, unseen_sentences

# A track with more sites than that lists the two best, the middle one and the two worst.
_MOST_SITES = 12


def track_figures(tracks: Mapping[str, Track]) -> str:
    """Write the tables of all tracks, by key."""
    unseen = unseen_sentences({f"Track {key}": track.unseen for key, track in tracks.items()})
    introduction = (
        "PSNR of reflectance, peak 1; every site counts once. With one view the model is the SISR model that it holds: "
        "the column T = 1 shows that model. Shifts are found by registration, not given. docs/revisits.md describes "
        "the tracks."
    )
    parts = [wrapped(f"{introduction} {unseen}")]
    for key, track in tracks.items():
        parts += [f"### Track {key}", wrapped(_description(track)), _by_views(track)]
    return "\n\n".join([*parts, "### By site", _by_site(tracks)])


def _description(track: Track) -> str:
    text = f"{track.title[:1].upper()}{track.title[1:]}; {counted_sites(len(track.sites), None)}."
    if track.shift_error_px:
        middle, most = track.shift_error_px
        text += f" Error of the shifts: median {middle:.3f} LR pixels, 90th percentile {most:.3f}."
    return text


def _by_views(track: Track) -> str:
    counts = list(track.mean["model"])
    rows = [
        [title, *(f"{track.mean[method][count]:.2f}" for count in counts)] for method, title in TRACK_METHODS.items()
    ]
    return table(["PSNR, dB", *(f"T = {count}" for count in counts)], rows)


def _by_site(tracks: Mapping[str, Track]) -> str:
    """Write the gain over one view at each site."""
    rows = []
    for key, track in tracks.items():
        views = track.most_views
        gains = sorted(((psnr[views] - psnr[1], site) for site, psnr in track.sites.items()), reverse=True)
        if len(gains) > _MOST_SITES:
            gains = [*gains[:2], gains[len(gains) // 2], *gains[-2:]]
        rows += [[f"{key}, {views} views", site, f"{gain:+.2f}"] for gain, site in gains]
    return table(["track", "site", "gain over one view, dB"], rows)
