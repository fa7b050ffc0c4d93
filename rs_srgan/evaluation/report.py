"""The result of an evaluation, and the folder that it is kept in."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from rs_srgan.errors import InputError
from rs_srgan.evaluation.gallery import Picture
from rs_srgan.evaluation.images import Protocol, Skipped
from rs_srgan.evaluation.markdown import page
from rs_srgan.evaluation.scores import Method, Scores
from rs_srgan.evaluation.spectrum import FREQUENCIES
from rs_srgan.version import __version__

_JSON, _MARKDOWN, _CURVES, _PICTURES = "report.json", "report.md", "curves.png", "pictures"
_OWN = {_JSON, _MARKDOWN, _CURVES, _PICTURES}


@dataclass(frozen=True)
class ImageScores:
    """The figures of one image, or of one window of a large one.

    Attributes:
        name: of the image, and of its window.
        site: the place that it shows.
        valid: share of the counted pixels that hold data.
        scores: by method.
    """

    name: str
    site: str
    valid: float
    scores: dict[Method, Scores]


@dataclass(frozen=True)
class Report:
    """What an evaluation found.

    Attributes:
        model: its name.
        fingerprint: of its configuration and weights.
        scale: of it.
        bands: of it.
        protocol: "simulated" (LR made of HR by the sensor model), "pairs", or "real" (without a reference).
        images: in the order of their names.
        skipped: images that were left out.
        pictures: that were chosen to be shown.
        seed: of all choices.
        date: of the evaluation, UTC.
    """

    model: str
    fingerprint: str
    scale: int
    bands: tuple[str, ...]
    protocol: Protocol
    images: tuple[ImageScores, ...]
    skipped: tuple[Skipped, ...]
    pictures: tuple[Picture, ...] = ()
    seed: int = 0
    date: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d"))

    @cached_property
    def sites(self) -> dict[str, dict[Method, Scores]]:
        """The mean over the images of every site, by site and method."""
        return {
            site: _means([image.scores for image in self.images if image.site == site])
            for site in sorted({image.site for image in self.images})
        }

    @cached_property
    def mean(self) -> dict[Method, Scores]:
        """The mean over the sites, by method: every site counts once, however many images it has."""
        return _means(list(self.sites.values()))

    def to_json(self) -> dict[str, Any]:
        """Everything but the pictures, for `json.dumps`."""

        def by_method(scores: dict[Method, Scores]) -> dict[str, Any]:
            return {method: each.to_json() for method, each in scores.items()}

        return {
            "model": {"name": self.model, "fingerprint": self.fingerprint, "scale": self.scale, "bands": self.bands},
            "protocol": self.protocol,
            "date": self.date,
            "seed": self.seed,
            "versions": {"rs_srgan": __version__, "torch": torch.__version__},
            "frequencies": FREQUENCIES,
            "mean": by_method(self.mean),
            "sites": {site: by_method(scores) for site, scores in self.sites.items()},
            "images": [
                {"name": each.name, "site": each.site, "valid": round(each.valid, 4), "scores": by_method(each.scores)}
                for each in self.images
            ],
            "skipped": [vars(each) for each in self.skipped],
        }

    def save(self, folder: str | Path, overwrite: bool = False) -> Path:
        """Write report.json, report.md and, if there are pictures, curves.png and pictures/*.png.

        Args:
            folder: of the report; it may exist if it is empty.
            overwrite: replace an earlier report in it.

        Returns:
            the Markdown report.

        Raises:
            InputError: see `check_folder`, or matplotlib is not installed.
        """
        folder = check_folder(folder, overwrite)
        folder.mkdir(exist_ok=True)
        for earlier in (folder / _JSON, folder / _MARKDOWN, folder / _CURVES, *(folder / _PICTURES).glob("[0-9]*.png")):
            earlier.unlink(missing_ok=True)
        links: list[tuple[str, str]] = []
        if self.pictures:
            from rs_srgan.evaluation.pictures import curves, draw  # an extra

            curves(self.mean, self.scale, self.protocol).savefig(folder / _CURVES, dpi=110)
            links.append(("Power and ring correlation by frequency", _CURVES))
            (folder / _PICTURES).mkdir(exist_ok=True)
            for index, picture in enumerate(self.pictures, start=1):
                name = re.sub(r"[^\w.-]+", "_", f"{picture.role} {picture.scored.case.name}").strip("_")
                file = f"{_PICTURES}/{index:02}_{name}.png"
                draw(picture, self.bands, self.scale).savefig(folder / file, dpi=110)
                links.append((f"{picture.role}: {picture.scored.case.name}", file))
        (folder / _JSON).write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")
        (folder / _MARKDOWN).write_text(page(self, links), encoding="utf-8")
        return folder / _MARKDOWN


def check_folder(folder: str | Path, overwrite: bool) -> Path:
    """The folder of a report, checked before any work is done.

    Raises:
        InputError: it is a file, holds a report already or something else, or cannot be written to.
    """
    folder = Path(folder).absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; expected a folder for the report.")
    if not folder.parent.is_dir():
        raise InputError(f"The folder {folder.parent} does not exist. Make it first.")
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if held - _OWN:
        raise InputError(f"{folder} holds other things ({', '.join(sorted(held - _OWN)[:3])}). Choose another folder.")
    if held and not overwrite:
        raise InputError(
            f"{folder} holds a report. Choose another folder, or say that it may be overwritten "
            "(overwrite=True, --overwrite)."
        )
    try:
        with TemporaryDirectory(dir=folder if folder.is_dir() else folder.parent):
            pass
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be written to ({error.strerror}).") from None
    return folder


def _means(several: list[dict[Method, Scores]]) -> dict[Method, Scores]:
    return {method: Scores.mean(scores[method] for scores in several) for method in several[0]}
