"""The result of an evaluation: the figures of all images, and their means."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TypedDict

import torch

from rs_srgan.evaluation.images import Skipped
from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.report.gallery import Picture
from rs_srgan.figures.metrics import Protocol
from rs_srgan.figures.scores import Method, Scores, ScoresJson
from rs_srgan.version import __version__


@dataclass(frozen=True)
class ImageScores:
    """The figures of one image, or of one window of a large image.

    Attributes:
        name: name of the image, followed by its window if it has several.
        site: the place that the image shows.
        valid: share of the counted pixels that hold data, 0 to 1.
        scores: the figures, by method.
    """

    name: str
    site: str
    valid: float
    scores: dict[Method, Scores]


class ModelJson(TypedDict):
    """The model of a report in JSON."""

    name: str
    fingerprint: str
    scale: int
    bands: tuple[str, ...]


class ImageJson(TypedDict):
    """An `ImageScores` in JSON."""

    name: str
    site: str
    valid: float
    scores: dict[Method, ScoresJson]


class ReportJson(TypedDict):
    """A `Report` in JSON: the content of report.json."""

    model: ModelJson
    protocol: Protocol
    unseen: bool | None
    date: str
    seed: int
    versions: dict[str, str]
    frequencies: tuple[float, ...]
    mean: dict[Method, ScoresJson]
    sites: dict[str, dict[Method, ScoresJson]]
    images: list[ImageJson]
    skipped: list[dict[str, str]]


@dataclass(frozen=True)
class Report:
    """The result of an evaluation.

    Attributes:
        model: name of the model.
        fingerprint: fingerprint of the model's configuration and weights.
        scale: scale of the model: 2, 4 or 8.
        bands: names of the model's bands.
        protocol: "simulated" (the sensor model makes LR from HR), "pairs" (LR and HR are files) or "real" (no HR).
        images: the figures, in the order of the images' names.
        skipped: images that were left out.
        pictures: images that were chosen to be shown.
        seed: seed of all random choices.
        unseen: True if training did not use the sites, False if it did, None if nobody stated it.
        date: date of the evaluation, UTC, YYYY-MM-DD.
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
    unseen: bool | None = None
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

    def to_json(self) -> ReportJson:
        """Return everything but the pictures, for `json.dumps`."""
        return {
            "model": {"name": self.model, "fingerprint": self.fingerprint, "scale": self.scale, "bands": self.bands},
            "protocol": self.protocol,
            "unseen": self.unseen,
            "date": self.date,
            "seed": self.seed,
            "versions": {"rs_srgan": __version__, "torch": torch.__version__},
            "frequencies": FREQUENCIES,
            "mean": _to_json(self.mean),
            "sites": {site: _to_json(scores) for site, scores in self.sites.items()},
            "images": [
                {"name": each.name, "site": each.site, "valid": round(each.valid, 4), "scores": _to_json(each.scores)}
                for each in self.images
            ],
            "skipped": [{"name": each.name, "reason": each.reason} for each in self.skipped],
        }


def _to_json(scores: dict[Method, Scores]) -> dict[Method, ScoresJson]:
    return {method: each.to_json() for method, each in scores.items()}


def _means(several: list[dict[Method, Scores]]) -> dict[Method, Scores]:
    return {method: Scores.mean(scores[method] for scores in several) for method in several[0]}
