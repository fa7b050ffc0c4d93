"""The result of an evaluation: the figures of all images, and their means."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import torch

from rs_srgan.evaluation.images import Protocol, Skipped
from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.report.gallery import Picture
from rs_srgan.evaluation.scores import Method, Scores
from rs_srgan.version import __version__


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


def _means(several: list[dict[Method, Scores]]) -> dict[Method, Scores]:
    return {method: Scores.mean(scores[method] for scores in several) for method in several[0]}
