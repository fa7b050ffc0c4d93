"""Pictures of a report, which show artifacts that figures do not show. Needs matplotlib, of the extra `evaluate`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rs_srgan.evaluation.metrics.masks import known
from rs_srgan.evaluation.metrics.opensr import HALLUCINATION, IMPROVEMENT, NOT_JUDGED, OMISSION
from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.report.gallery import Picture
from rs_srgan.figures.metrics import Protocol
from rs_srgan.figures.scores import MEASURES, METHODS, Method, Scores, compared
from rs_srgan.pixels.radiometry import FloatImage, Stretch
from rs_srgan.sensors import SENTINEL2

_GAMMA = 1.6
# Percentile of differences that is white, or has the strongest colour.
_WHITE_PERCENTILE = 98
_PANEL_INCHES = 3.0
# Colours of Okabe and Ito, which people with colour blindness can tell apart.
_CLASSES = {
    NOT_JUDGED: ("calm, not judged", "#222222"),
    IMPROVEMENT: ("improvement", "#56b4e9"),
    OMISSION: ("omission", "#f0e442"),
    HALLUCINATION: ("hallucination", "#d55e00"),
}
_METHOD_COLOURS: dict[Method, str] = {
    "bicubic": "#999999",
    "back_projection": "#e69f00",
    "glp": "#009e73",
    "model": "#0072b2",
}
_LISTED = {
    True: ("psnr_db", "ssim", "sam_deg", "resolved", "improvement", "omission", "hallucination", "sensor"),
    False: ("reflectance", "spectral_deg", "spatial_px", "sensor", "sensor_frc", "tiles"),
}


def draw(picture: Picture, bands: Sequence[str], scale: int) -> Figure:
    """Draw two rows of views of an image, all with the same stretch.

    With a reference the upper row is LR, bicubic, SR and HR; the lower row is the classes of the added detail, the
    errors of bicubic and SR, and the figures. Without a reference the upper row is LR, bicubic and SR; the lower row is
    the difference between LR and SR as the sensor would see it, the difference between SR and bicubic, and the figures.

    Args:
        picture: the image.
        bands: names of its bands.
        scale: scale of the model: 2, 4 or 8.
    """
    scored, case = picture.scored, picture.scored.case
    shown = [bands.index(band) for band in SENTINEL2.display_bands(bands)]
    stretch = Stretch.of((case.lr if case.hr is None else case.hr)[shown], gamma=_GAMMA)
    views = [("LR", case.lr), ("bicubic", scored.restored.bicubic), (f"SR, x{scale}", scored.restored.model)]
    views += [] if case.hr is None else [("HR", case.hr)]
    height = _PANEL_INCHES * min(2.0, max(0.5, case.lr.shape[1] / case.lr.shape[2]))
    figure = Figure(figsize=(_PANEL_INCHES * len(views), 2 * height + 1), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{picture.role}: {case.name}", fontsize=10)
    axes = figure.subplots(2, len(views))
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, (title, image) in zip(axes[0], views, strict=True):
        axis.imshow(stretch.apply(image[shown]), interpolation="nearest")
        axis.set_title(title, fontsize=9)
    below = axes[1]
    if case.hr is not None and scored.classes is not None:
        _draw_classes(below[0], scored.classes)
        errors = {"bicubic": scored.restored.bicubic - case.hr, "SR": scored.restored.model - case.hr}
        limit = _limit(errors["bicubic"])
        for axis, (name, error) in zip(below[1:], errors.items(), strict=False):
            _draw_amount(axis, f"abs({name} - HR)", error, limit)
    else:
        unexplained = case.lr - scored.seen
        _draw_amount(below[0], "abs(LR - D(SR))", unexplained, _limit(unexplained))
        detail = scored.restored.model - scored.restored.bicubic
        limit = _limit(detail)
        below[1].imshow(detail.mean(0), cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        below[1].set_title(f"SR - bicubic, red {limit:.2g}", fontsize=9)
    _list_figures(below[-1], scored.scores, _LISTED[case.hr is not None])
    return figure


def curves(mean: Mapping[Method, Scores], scale: int, protocol: Protocol) -> Figure:
    """Draw curves of the power and, with a reference, of the Fourier ring correlation by frequency.

    Args:
        mean: mean figures over the sites, by method.
        scale: scale of the model: 2, 4 or 8.
        protocol: how LR and HR were made.
    """
    panels = {"spectrum_db": f"power against {'bicubic' if protocol == 'real' else 'HR'}, dB"}
    panels |= {} if protocol == "real" else {"frc": "Fourier ring correlation with HR"}
    figure = Figure(figsize=(4.6 * len(panels), 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axis, (name, title) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for method in compared(mean):
            colour, values = _METHOD_COLOURS[method], getattr(mean[method], name)
            axis.plot(FREQUENCIES, values, color=colour, marker=".", label=METHODS[method])
        axis.axvline(1 / scale, color="black", linewidth=0.8, linestyle=":", label="Nyquist frequency of LR")
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("share of the Nyquist frequency", fontsize=8)
        axis.set_xlim(0, 1)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    return figure


def _draw_classes(axis: Axes, classes: np.ndarray[Any, np.dtype[np.int8]]) -> None:
    names = sorted(_CLASSES)
    colours = ListedColormap([_CLASSES[name][1] for name in names])
    axis.imshow(classes, cmap=colours, vmin=names[0] - 0.5, vmax=names[-1] + 0.5, interpolation="nearest")
    axis.set_title("what the added detail is", fontsize=9)
    patches = [Patch(color=colour, label=label) for label, colour in (_CLASSES[name] for name in names)]
    axis.legend(handles=patches, fontsize=6, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, frameon=False)


def _limit(difference: FloatImage) -> float:
    """Compute the reflectance that few pixels of a difference exceed; it is never 0."""
    amount = np.abs(difference[:, known(difference)]).mean(0)
    return max(1e-5, float(np.percentile(amount, _WHITE_PERCENTILE))) if amount.size else 1e-5


def _draw_amount(axis: Axes, title: str, difference: FloatImage, limit: float) -> None:
    axis.imshow(np.abs(difference).mean(0), cmap="gray", vmin=0, vmax=limit, interpolation="nearest")
    axis.set_title(f"{title}, white {limit:.2g}", fontsize=9)


def _list_figures(axis: Axes, scores: Mapping[Method, Scores], names: Sequence[str]) -> None:
    """Write the figures of the whole image, not only of the part that is shown."""
    titles: dict[Method, str] = {"back_projection": "+ 3 b.p.", "glp": "MTF-GLP"}
    columns = {titles.get(method, method): method for method in compared(scores)}
    lines = [["", *columns]]
    for name in names:
        digits = min(5, MEASURES[name].digits)
        values = [getattr(scores[method], name) for method in columns.values()]
        lines.append([MEASURES[name].short, *("" if np.isnan(value) else f"{value:.{digits}f}" for value in values)])
    text = "\n".join(f"{line[0]:<13}" + "".join(f"{cell:>9}" for cell in line[1:]) for line in lines)
    axis.text(0, 1, text, family="monospace", fontsize=7.5, va="top", transform=axis.transAxes, linespacing=1.6)
