"""metrics.json: the figures of a model, beside its weights."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, TypedDict, get_args

from rs_srgan.figures.calibration import Calibration
from rs_srgan.figures.json_value import JsonValue, rounded
from rs_srgan.figures.scores import Method, Scores, ScoresJson, baseline, by_method, compared
from rs_srgan.figures.tracks import Track, TrackJson

METRICS_FILE = "metrics.json"

# "simulated": LR is made from HR by the sensor model; "pairs": LR and HR are two files; "real": there is no HR.
Protocol = Literal["simulated", "pairs", "real"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


class GroupJson(TypedDict):
    """A `Group` in JSON."""

    title: str
    dataset: str
    protocol: str
    unseen: bool | None
    mean: dict[Method, ScoresJson]
    sites: dict[str, dict[Method, float | None]]


class MetricsJson(TypedDict, total=False):
    """A `Metrics` in JSON."""

    fingerprint: str
    groups: dict[str, GroupJson]
    uncertainty: dict[str, dict[str, float | list[float]]]
    detail: dict[str, dict[str, ScoresJson]]
    tracks: dict[str, TrackJson]


@dataclass(frozen=True)
class Group:
    """The figures of one evaluation: images of one kind, from several sites.

    Attributes:
        title: the name of the images, for people.
        protocol: how LR and HR were made.
        unseen: True if training did not use these sites, False if it did, None if nobody stated it.
        mean: mean over the sites, by method.
        sites: one figure of each method that makes an image, by site: PSNR, dB, or for "real" images the mean absolute
            difference between LR and the result as the sensor would see it, reflectance.
        dataset: identifier of the data set for the Hub; empty: made from the title.
    """

    title: str
    protocol: Protocol
    unseen: bool | None
    mean: dict[Method, Scores]
    sites: dict[str, dict[Method, float]]
    dataset: str = ""

    @property
    def baseline(self) -> Method:
        """The method that gains are over: the best one without learning that sees the model's input."""
        return baseline(self.mean)

    @property
    def gain_db(self) -> float:
        """PSNR of the model over that of the baseline, dB, mean over the sites."""
        return self.mean["model"].psnr_db - self.mean[self.baseline].psnr_db

    @property
    def gain_range_db(self) -> tuple[float, float]:
        """The least and the greatest gain at a site, dB; NaN if no site has a gain. Not for "real" images."""
        gains = [psnr["model"] - psnr[self.baseline] for psnr in self.sites.values()]
        known = [gain for gain in gains if not math.isnan(gain)] or [math.nan]
        return min(known), max(known)

    @classmethod
    def of_sites(
        cls,
        title: str,
        protocol: Protocol,
        unseen: bool | None,
        mean: Mapping[Method, Scores],
        sites: Mapping[str, Mapping[Method, Scores]],
        dataset: str = "",
    ) -> Self:
        """Keep one figure of each site; see the attributes for the arguments."""
        figure = "sensor" if protocol == "real" else "psnr_db"
        kept: dict[str, dict[Method, float]] = {
            site: {method: getattr(scores[method], figure) for method in compared(scores)}
            for site, scores in sites.items()
        }
        return cls(title, protocol, unseen, dict(mean), kept, dataset)

    @classmethod
    def from_json(cls, found: JsonValue) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: a key is missing or unknown, or a value is of another kind.
        """
        found.only(GroupJson.__annotations__)
        protocol = PROTOCOLS[PROTOCOLS.index(found["protocol"].text(among=PROTOCOLS))]
        mean = by_method(found["mean"])
        methods = compared(mean)
        if protocol != "real":
            for method in methods:
                _ = found["mean"][method]["psnr_db"]
        unseen, dataset = found.get("unseen"), found.get("dataset")
        sites: dict[str, dict[Method, float]] = {
            site: {method: figures.only(methods)[method].number(null=math.nan) for method in methods}
            for site, figures in found["sites"].items()
        }
        return cls(
            title=found["title"].text(),
            protocol=protocol,
            unseen=None if unseen is None else unseen.flag(),
            mean=mean,
            sites=sites,
            dataset="" if dataset is None else dataset.text(),
        )

    def to_json(self) -> GroupJson:
        """Return the figures, rounded; null for figures that do not apply."""
        return {
            "title": self.title,
            "dataset": self.dataset,
            "protocol": self.protocol,
            "unseen": self.unseen,
            "mean": {method: scores.to_json() for method, scores in self.mean.items()},
            "sites": {
                site: {method: rounded(value) for method, value in figures.items()}
                for site, figures in self.sites.items()
            },
        }


@dataclass(frozen=True)
class Metrics:
    """The figures of a model.

    Attributes:
        fingerprint: fingerprint of the configuration and weights that were measured.
        groups: evaluations, by key.
        uncertainty: calibration of the uncertainty, by the key of the group.
        detail: mean scores of the model by amount of detail ("0" to "1"), then by the key of the group, for models that
            lie between two models.
        tracks: evaluations of several revisits, by key.
    """

    fingerprint: str
    groups: dict[str, Group] = field(default_factory=dict)
    uncertainty: dict[str, Calibration] = field(default_factory=dict)
    detail: dict[str, dict[str, Scores]] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)

    @property
    def referenced(self) -> dict[str, Group]:
        """The groups that have an HR to compare with, by key."""
        return {key: group for key, group in self.groups.items() if group.protocol != "real"}

    @classmethod
    def from_json(cls, found: JsonValue) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: a key is missing or unknown, or a value is of another kind.
        """
        parts = dict(found.only(MetricsJson.__annotations__).items())
        groups = dict(parts["groups"].items()) if "groups" in parts else {}
        uncertainty = dict(parts["uncertainty"].only(groups).items()) if "uncertainty" in parts else {}
        detail = dict(parts["detail"].items()) if "detail" in parts else {}
        tracks = dict(parts["tracks"].items()) if "tracks" in parts else {}
        return cls(
            fingerprint=found["fingerprint"].text(),
            groups={key: Group.from_json(each) for key, each in groups.items()},
            uncertainty={key: Calibration.from_json(each) for key, each in uncertainty.items()},
            detail={
                amount: {key: Scores.from_json(scores) for key, scores in each.only(groups).items()}
                for amount, each in detail.items()
            },
            tracks={key: Track.from_json(each) for key, each in tracks.items()},
        )

    def to_json(self) -> MetricsJson:
        """Return the figures that there are."""
        content: MetricsJson = {"fingerprint": self.fingerprint}
        if self.groups:
            content["groups"] = {key: each.to_json() for key, each in self.groups.items()}
        if self.uncertainty:
            content["uncertainty"] = {key: each.to_json() for key, each in self.uncertainty.items()}
        if self.detail:
            content["detail"] = {
                amount: {key: scores.to_json() for key, scores in each.items()} for amount, each in self.detail.items()
            }
        if self.tracks:
            content["tracks"] = {key: each.to_json() for key, each in self.tracks.items()}
        return content


def read_metrics(path: Path) -> Metrics:
    """Read a metrics.json.

    Raises:
        InputError: the file does not hold what `write_metrics` writes; the message names the key.
    """
    return Metrics.from_json(JsonValue.of_file(path))


def write_metrics(metrics: Metrics, path: Path) -> None:
    """Write a metrics.json."""
    path.write_text(json.dumps(metrics.to_json(), indent=1) + "\n", encoding="utf-8")
