"""The part of a card with the figures of a model for single images."""

import math
from collections.abc import Iterable, Sequence

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.report.tables import table, wrapped
from rs_srgan.figures.metrics import Group, Metrics, Protocol
from rs_srgan.figures.scores import METHODS, Method, Scores, baseline, compared
from rs_srgan.publishing.unseen import counted_sites, unseen_sentences

# Scores in the tables, with their digits after the decimal point.
_ACCURACY = {"ssim": 4, "sam_deg": 2, "improvement": 2, "omission": 2, "hallucination": 2}
_AGREEMENT = {"sensor": 5, "reflectance": 5, "spectral_deg": 3, "spatial_px": 4}
_PROTOCOLS: dict[Protocol, str] = {
    "simulated": (
        "LR is simulated from the images by the sensor model, without noise (Wald's protocol). The figures tell how "
        "well the model restores known detail. They tell nothing about pixels finer than the images' own."
    ),
    "pairs": "LR and HR are two images: differences of position or brightness between them count as errors.",
}
# A group with more sites has no table of its sites.
_MOST_SITES = 20


def listed(groups: Iterable[Group]) -> tuple[Method, ...]:
    """Return the methods that a table of several groups has columns for: those of any group."""
    return compared({method for group in groups for method in group.mean})


def range_over_sites(group: Group) -> str:
    """Write the least and the greatest gain over the baseline at a site, dB."""
    least, most = group.gain_range_db
    return "" if math.isnan(least) else f"{least:+.2f} to {most:+.2f}"


def figures(metrics: Metrics, bands: Sequence[str]) -> str:
    """Write the tables of all groups; empty if there are none.

    Args:
        metrics: the model's figures.
        bands: the names of the model's bands.

    Raises:
        InputError: the figures by band do not fit the bands.
    """
    referenced, parts = list(metrics.referenced.values()), []
    if referenced:
        parts += [wrapped(_introduction(referenced)), _means(metrics)]
        parts += [_by_site(group) for group in referenced if len(group.sites) <= _MOST_SITES]
        parts += [_by_band(referenced[0], bands)]
    if metrics.groups:
        parts += ["### Agreement with the input", _agreement(metrics)]
    if referenced:
        parts += ["### Detail by frequency", _frequencies(metrics)]
    if metrics.uncertainty:
        parts += ["### Uncertainty", _uncertainty(metrics)]
    return "\n\n".join(parts)


def _introduction(groups: Sequence[Group]) -> str:
    protocols = {group.protocol for group in groups}
    texts = [text for protocol, text in _PROTOCOLS.items() if protocol in protocols]
    unseen = unseen_sentences({group.title: group.unseen for group in groups})
    return " ".join(["PSNR of reflectance, peak 1; every site counts once.", *([unseen] if unseen else []), *texts])


def _means(metrics: Metrics) -> str:
    groups = list(metrics.referenced.values())
    methods, rows = listed(groups), []
    for group in groups:
        psnr = (_number(group.mean.get(method, Scores()).psnr_db, 2) for method in methods)
        cells = (_number(getattr(group.mean["model"], name), digits) for name, digits in _ACCURACY.items())
        title = f"{group.title}, {counted_sites(len(group.sites), None)}"
        rows.append([title, *psnr, f"**{group.gain_db:+.2f}**", range_over_sites(group), *cells])
    header = ["mean over sites", *_titles(methods), f"gain over {METHODS[baseline(methods)]}, dB", "range over sites"]
    return table([*header, "SSIM", "SAM, degrees", "improved", "omitted", "made up"], rows)


def _by_site(group: Group) -> str:
    methods = compared(group.mean)
    rows = [
        [site, *(_number(psnr[method], 2) for method in methods), _gain(psnr["model"] - psnr[group.baseline])]
        for site, psnr in group.sites.items()
    ]
    return table([group.title, *_titles(methods), "gain, dB"], rows)


def _by_band(group: Group, bands: Sequence[str]) -> str:
    by_method = {method: group.mean[method].band_psnr_db for method in compared(group.mean)}
    if any(len(each) != len(bands) for each in by_method.values()):
        raise InputError(
            f'metrics.json: band_psnr_db of "{group.title}" has '
            f"{', '.join(str(len(each)) for each in by_method.values())} "
            f"values; expected {len(bands)}, one for each of {', '.join(bands)}. Evaluate the model as it is now."
        )
    rows = [
        [
            band,
            *(_number(psnr[index], 2) for psnr in by_method.values()),
            _gain(by_method["model"][index] - by_method[group.baseline][index]),
        ]
        for index, band in enumerate(bands)
    ]
    return table([group.title, *_titles(by_method), "gain, dB"], rows)


def _titles(methods: Iterable[Method]) -> list[str]:
    return [f"{METHODS[method]}, dB" for method in methods]


def _agreement(metrics: Metrics) -> str:
    rows = []
    for group in metrics.groups.values():
        kind = ", real" if group.protocol == "real" else ""
        for method, title in METHODS.items():
            scores = group.mean.get(method, Scores())
            if not math.isnan(scores.sensor):
                cells = (_number(getattr(scores, name), digits) for name, digits in _AGREEMENT.items())
                rows.append([f"{group.title}{kind}", title, *cells])
    header = ["", "", "mean abs(LR - D(SR))", "opensr-test reflectance", "spectral, degrees", "spatial, px"]
    text = wrapped(
        "D(SR) is the result as the sensor would see it. opensr-test uses a sharper operator than the sensor: its "
        "figures are not 0 for HR itself, and a good model comes close to the figures of HR."
    )
    return f"{text}\n\n{table(header, rows)}"


def _frequencies(metrics: Metrics) -> str:
    key, group = next(iter(metrics.referenced.items()))
    rows = [[METHODS[method], "", *_levels(group.mean[method])] for method in compared(group.mean)]
    base = next((means[key].psnr_db for means in metrics.detail.values() if key in means), math.nan)
    for detail, means in metrics.detail.items():
        if key in means:
            rows.append([f"detail {detail}", f"{means[key].psnr_db - base:+.2f} dB", *_levels(means[key])])
    header = ["power against HR, dB", "PSNR" if metrics.detail else "", *(f"{each:g}" for each in FREQUENCIES)]
    text = f"{group.title}, at shares of the Nyquist frequency of the fine pixels; 0 dB means as much detail as HR has."
    return f"{wrapped(text)}\n\n{table(header, rows)}"


def _levels(scores: Scores) -> list[str]:
    levels = scores.spectrum_db or (math.nan,) * len(FREQUENCIES)
    return [_number(level, 1) for level in levels]


def _uncertainty(metrics: Metrics) -> str:
    rows, curves = [], []
    for key, found in metrics.uncertainty.items():
        title = metrics.groups[key].title
        ranks = (_number(each, 2) for each in (found.rank, found.rank_if_exact, found.rank_within_bands))
        rows.append([title, f"{100 * found.coverage:.1f} %", *ranks])
        curves.append([f"{title}: predicted", *(f"{1e4 * each:.0f}" for each in found.predicted)])
        curves.append([f"{title}: needed", *(f"{1e4 * each:.0f}" for each in found.observed)])
    tenths = ["half-width, DN, by tenth of the pixels", *map(str, range(1, len(curves[0])))]
    unseen = unseen_sentences({metrics.groups[key].title: metrics.groups[key].unseen for key in metrics.uncertainty})
    text = (
        "`--uncertainty` writes half the width of an interval that should hold 80 % of the true values. "
        f"{unseen} The calibration of each Sentinel-2 site comes from the other sites. Half-widths predict the size of "
        'errors on average, not each error: "if exact" is the rank correlation that exact half-widths would have. '
        "The second table sorts the pixels by their half-width: 1 is the most certain tenth, 10 the least certain."
    )
    return "\n\n".join(
        [
            wrapped(text),
            table(["", "held", "rank correlation with the error", "if exact", "within a band"], rows),
            table(tenths, curves),
        ]
    )


def _number(value: float, digits: int) -> str:
    """Return a number as text; empty for figures that were not measured."""
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _gain(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.2f}"
