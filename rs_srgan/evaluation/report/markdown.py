"""The text of a report, Markdown."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.protocol import BORDER_HR_PX
from rs_srgan.evaluation.report.gallery import SIDE_PX
from rs_srgan.evaluation.report.report import Report
from rs_srgan.evaluation.report.tables import table
from rs_srgan.figures.metrics import Protocol
from rs_srgan.figures.scores import MEASURES, METHODS, Method, Scores, baseline, compared

_PROTOCOLS: dict[Protocol, str] = {
    "simulated": (
        "The sensor model made LR from the images, without noise (Wald's protocol). The figures tell how well the "
        "model restores known detail from pixels {scale} times larger. They tell nothing about pixels finer than the "
        "images' own. PSNR and SSIM have a peak reflectance of 1."
    ),
    "pairs": (
        "LR and HR are two files of each image. Differences of position or brightness between them count as errors, "
        "except in cPSNR, cSSIM and opensr-test's shares. PSNR and SSIM have a peak reflectance of 1."
    ),
    "real": (
        "The images have no reference. The figures tell whether the result agrees with its input and how much detail "
        "it adds, but not whether that detail is right."
    ),
}
# Sentences by `Report.unseen`.
_UNSEEN = {None: "", True: " Training did not use these sites.", False: " Training used these sites."}
# Figures in the tables of sites and images, with and without a reference: of all methods, then of the model alone.
_BESIDE: dict[bool, tuple[str, ...]] = {True: ("psnr_db",), False: ("sensor", "sensor_frc")}
_ALONE: dict[bool, tuple[str, ...]] = {
    True: ("cpsnr_db", "ssim", "sam_deg", "ergas", "resolved", "improvement", "omission", "hallucination", "sensor"),
    False: ("reflectance", "spectral_deg", "spatial_px", "tiles"),
}
_SHORT: dict[Method, str] = {"bicubic": "bicubic", "back_projection": "b.-proj.", "glp": "MTF-GLP", "model": "model"}


def page(report: Report, pictures: Sequence[tuple[str, str]]) -> str:
    """Write the whole report.

    Args:
        report: the report.
        pictures: captions and file names of the pictures.
    """
    parts = [f"# {report.model}, evaluated", introduction(report), "## Mean over sites", means(report.mean)]
    parts += ["## By frequency", _by_frequency(report)]
    if report.protocol != "real":
        parts += ["## PSNR by band, dB", _by_band(report)]
    parts += ["## By site", by_site(report), "## By image", _by_image(report)]
    if report.skipped:
        parts += ["## Left out", "\n".join(f"- {each.name}: {each.reason}" for each in report.skipped)]
    if pictures:
        merit = "abs(LR - D(SR)) as a share of bicubic's" if report.protocol == "real" else _gain(report)
        rule = (
            f"A fixed rule chose the images: sites at random (seed {report.seed}), then the best and the worst image "
            f"by {merit}. Each picture shows the centre, at most {SIDE_PX} fine pixels wide; all its views have the "
            "same stretch."
        )
        parts += ["## Pictures", rule, *(f"**{caption}**\n\n![{caption}]({file})" for caption, file in pictures)]
    return "\n\n".join(parts) + "\n"


def introduction(report: Report) -> str:
    """Write the paragraph about the images and the protocol."""
    count, sites = len(report.images), len(report.sites)
    missing = 1 - sum(image.valid for image in report.images) / count
    return (
        f"x{report.scale}, bands {', '.join(report.bands)}. {count} image{'s' * (count > 1)} or windows of large ones, "
        f"{sites} site{'s' * (sites > 1)}, {report.date}. {_PROTOCOLS[report.protocol].format(scale=report.scale)} "
        f"The outermost {BORDER_HR_PX} fine pixels and pixels without data, {missing:.1%} of the rest, do not count. "
        f"A site's figure is the mean over its images, and every site counts once.{_UNSEEN[report.unseen]}"
    )


def means(mean: Mapping[Method, Scores]) -> str:
    """Write the table of mean figures: a row for every figure, a column for every method, the best method in bold."""
    rows, rivaling = [], compared(mean)
    for name, measure in MEASURES.items():
        values = {method: float(getattr(scores, name)) for method, scores in mean.items()}
        if all(math.isnan(value) for value in values.values()):
            continue
        rivals = {values[method] for method in rivaling if not math.isnan(values[method])}
        best = max(rivals, key=lambda value: value * measure.better) if measure.better and len(rivals) > 1 else math.nan
        cells = (_number(value, measure.digits) for value in values.values())
        bold = (method in rivaling and value == best for method, value in values.items())
        rows.append(
            [measure.title, *(f"**{cell}**" if strong else cell for cell, strong in zip(cells, bold, strict=True))]
        )
    return table(["", *(METHODS[method] for method in mean)], rows)


def by_site(report: Report) -> str:
    """Write the table of sites: a row for every site, and the mean."""
    counts = Counter(image.site for image in report.images)
    names = (f"{site} ({counts[site]} images)" if counts[site] > 1 else site for site in report.sites)
    return _by_name("site", [*zip(names, report.sites.values(), strict=True), ("mean", report.mean)], report)


def _by_image(report: Report) -> str:
    names = [each.name if each.valid > 0.9995 else f"{each.name} ({each.valid:.1%} valid)" for each in report.images]
    return _by_name("image", zip(names, (each.scores for each in report.images), strict=True), report)


def _by_name(what: str, rows: Iterable[tuple[str, Mapping[Method, Scores]]], report: Report) -> str:
    reference = report.protocol != "real"
    beside, alone, methods = _BESIDE[reference], _ALONE[reference], compared(report.mean)
    header = [what, *(f"{MEASURES[name].short}, {_SHORT[method]}" for name in beside for method in methods)]
    header += ["gain"] * reference + [MEASURES[name].short for name in alone]
    lines = []
    for name, scores in rows:
        line = [_cell(scores[method], figure) for figure in beside for method in methods]
        if reference:
            line.append(f"{scores['model'].psnr_db - scores[baseline(methods)].psnr_db:+.2f}")
        lines.append([name, *line, *(_cell(scores["model"], figure) for figure in alone)])
    return table(header, lines)


def _by_frequency(report: Report) -> str:
    reference = report.protocol != "real"
    header = ["", *(f"{frequency:g}" for frequency in FREQUENCIES)]
    rows = [
        [f"power, dB, {METHODS[method]}", *(_number(level, 1) for level in report.mean[method].spectrum_db)]
        for method in compared(report.mean)
    ]
    if reference:
        rows += [
            [f"FRC, {METHODS[method]}", *(_number(level, 2) for level in report.mean[method].frc)]
            for method in compared(report.mean)
        ]
    against = "HR: 0 dB means as much detail" if reference else "bicubic: the detail that is added to it"
    ring = " FRC is the Fourier ring correlation with HR: 1 means the same detail, 0 unrelated detail." * reference
    return (
        f"Frequencies are shares of the Nyquist frequency of the fine pixels; LR's is at {1 / report.scale:g}. "
        f"Power is relative to {against}.{ring}\n\n{table(header, rows)}"
    )


def _by_band(report: Report) -> str:
    rows, methods = [], compared(report.mean)
    for index, band in enumerate(report.bands):
        values = {method: report.mean[method].band_psnr_db[index] for method in methods}
        gain = values["model"] - values[baseline(methods)]
        rows.append([band, *(_number(value, 2) for value in values.values()), f"{gain:+.2f}"])
    return table(["", *(METHODS[method] for method in methods), _gain(report)], rows)


def _gain(report: Report) -> str:
    return f"gain over {METHODS[baseline(report.mean)]}, dB"


def _cell(scores: Scores, name: str) -> str:
    return _number(getattr(scores, name), MEASURES[name].digits)


def _number(value: float, digits: int) -> str:
    return "" if math.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0 removes the minus of -0.0
