"""The part of a card with the figures of a model for single images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.report.tables import table, wrapped
from rs_srgan.figures.metrics import Group, Metrics, Protocol
from rs_srgan.figures.scores import COMPARED, METHODS, Scores
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
_PSNR_COLUMNS = [f"{METHODS[method]}, dB" for method in COMPARED]


@dataclass(frozen=True)
class PsnrRow:
    """The PSNR of one group of sites, or of two groups together.

    Attributes:
        title: the name of the images.
        sites: number of sites.
        psnr_db: mean over the sites, dB, for the methods in COMPARED.
    """

    title: str
    sites: int
    psnr_db: tuple[float, ...]

    @property
    def gain_db(self) -> float:
        """The PSNR of the model over that of back-projection, dB."""
        return self.psnr_db[2] - self.psnr_db[1]


def psnr_rows(metrics: Metrics) -> list[PsnrRow]:
    """Return the PSNR of every group that has HR, then of the first two groups together."""
    rows = [
        PsnrRow(group.title, len(group.sites), tuple(group.mean[method].psnr_db for method in COMPARED))
        for group in metrics.referenced.values()
    ]
    if len(rows) > 1:
        first, second = rows[:2]
        count = first.sites + second.sites
        every = tuple(
            (first.sites * a + second.sites * b) / count for a, b in zip(first.psnr_db, second.psnr_db, strict=True)
        )
        rows.append(PsnrRow(f"{first.title.split(',')[0]} and {second.title}, every site once", count, every))
    return rows


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
    own = [group.mean["model"] for group in metrics.referenced.values()]
    rows = []
    for index, row in enumerate(psnr_rows(metrics)):
        scores = own[index] if index < len(own) else Scores()
        cells = [_number(getattr(scores, name), digits) for name, digits in _ACCURACY.items()]
        psnr = (_number(each, 2) for each in row.psnr_db)
        rows.append([f"{row.title}, {counted_sites(row.sites, None)}", *psnr, f"**{row.gain_db:+.2f}**", *cells])
    header = ["mean over sites", *_PSNR_COLUMNS, "gain over the baseline, dB"]
    return table([*header, "SSIM", "SAM, degrees", "improved", "omitted", "made up"], rows)


def _by_site(group: Group) -> str:
    rows = []
    for site, psnr in group.sites.items():
        gain = psnr["model"] - psnr["back_projection"]
        rows.append([site, *(_number(psnr[method], 2) for method in COMPARED), _gain(gain)])
    return table([group.title, *_PSNR_COLUMNS, "gain, dB"], rows)


def _by_band(group: Group, bands: Sequence[str]) -> str:
    by_method = [group.mean[method].band_psnr_db for method in COMPARED]
    if any(len(each) != len(bands) for each in by_method):
        raise InputError(
            f'metrics.json: band_psnr_db of "{group.title}" has {", ".join(str(len(each)) for each in by_method)} '
            f"values; expected {len(bands)}, one for each of {', '.join(bands)}. Evaluate the model as it is now."
        )
    rows = [
        [band, *(_number(each, 2) for each in psnr), _gain(psnr[2] - psnr[1])]
        for band, *psnr in zip(bands, *by_method, strict=True)
    ]
    return table([group.title, *_PSNR_COLUMNS, "gain, dB"], rows)


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
    rows = [[METHODS[method], "", *_levels(group.mean[method])] for method in COMPARED]
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
