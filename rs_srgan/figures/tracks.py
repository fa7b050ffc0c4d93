"""Figures of models for several revisits: PSNR by the number of views."""

from dataclasses import dataclass
from typing import Literal, Self, TypedDict

from rs_srgan.figures.json_value import JsonValue

# The number of views at which one figure stands for a model for several revisits.
VIEWS = 8

TrackMethod = Literal["bicubic", "shift_and_add", "model"]
# The titles of the methods, in the order of the tables.
TRACK_METHODS: dict[TrackMethod, str] = {
    "bicubic": "bicubic of the reference",
    "shift_and_add": "registered shift-and-add, back-projected",
    "model": "model",
}


class TrackJson(TypedDict):
    """A `Track` in JSON, where the numbers of views are texts."""

    title: str
    dataset: str
    unseen: bool | None
    mean: dict[TrackMethod, dict[str, float]]
    sites: dict[str, dict[str, float]]
    shift_error_px: list[float] | None


@dataclass(frozen=True)
class Track:
    """The figures of one test of several revisits.

    Attributes:
        title: how the views were made, for people.
        unseen: True if training did not use these sites, False if it did, None if nobody stated it.
        mean: PSNR, dB, mean over the sites, by method and number of views.
        sites: PSNR of the model, dB, by site and number of views.
        shift_error_px: median and 90th percentile of the error of the registration, LR pixels; None where the true
            shifts are not known.
        dataset: identifier of the data set for the Hub; empty: made from the title.
    """

    title: str
    unseen: bool | None
    mean: dict[TrackMethod, dict[int, float]]
    sites: dict[str, dict[int, float]]
    shift_error_px: tuple[float, float] | None
    dataset: str = ""

    @property
    def most_views(self) -> int:
        """The number of views at which one figure stands for the track: VIEWS, or the most there are."""
        counts = self.mean["model"]
        return VIEWS if VIEWS in counts else max(counts)

    @property
    def gain_db(self) -> float:
        """The gain of `most_views` views over one, dB, mean over the sites."""
        return self.mean["model"][self.most_views] - self.mean["model"][1]

    @classmethod
    def from_json(cls, found: JsonValue) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: a key is missing or unknown, or a value is of another kind.
        """
        found.only(TrackJson.__annotations__)
        mean: dict[TrackMethod, dict[int, float]] = {
            method: _by_views(found["mean"][method]) for method in TRACK_METHODS
        }
        for method in TRACK_METHODS:
            if mean[method].keys() != mean["model"].keys():
                found["mean"][method].fail("the numbers of views that the model has")
        sites = {site: _by_views(each) for site, each in found["sites"].items()}
        for site, each in sites.items():
            if each.keys() != mean["model"].keys():
                found["sites"][site].fail("the numbers of views that the mean has")
        unseen, dataset, shift = (found.get(key) for key in ("unseen", "dataset", "shift_error_px"))
        middle, most = (0.0, 0.0) if shift is None else shift.numbers(2)
        return cls(
            title=found["title"].text(),
            unseen=None if unseen is None else unseen.flag(),
            mean=mean,
            sites=sites,
            shift_error_px=None if shift is None else (middle, most),
            dataset="" if dataset is None else dataset.text(),
        )

    def to_json(self) -> TrackJson:
        """Return the figures, rounded."""
        return {
            "title": self.title,
            "dataset": self.dataset,
            "unseen": self.unseen,
            "mean": {method: _to_json(each) for method, each in self.mean.items()},
            "sites": {site: _to_json(each) for site, each in self.sites.items()},
            "shift_error_px": None if self.shift_error_px is None else [round(each, 4) for each in self.shift_error_px],
        }


def _by_views(found: JsonValue) -> dict[int, float]:
    figures = {}
    for count, value in found.items():
        if not count.isdecimal() or int(count) < 1:
            found.fail("numbers of views as keys")
        figures[int(count)] = value.number()
    if 1 not in figures:
        found.fail("a figure for 1 view")
    return dict(sorted(figures.items()))


def _to_json(figures: dict[int, float]) -> dict[str, float]:
    return {str(count): round(value, 4) for count, value in sorted(figures.items())}
