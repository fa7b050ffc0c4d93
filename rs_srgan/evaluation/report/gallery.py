"""The choice of the images that a report shows, by a fixed rule."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rs_srgan.evaluation.metrics.masks import known
from rs_srgan.evaluation.protocol import BORDER_HR_PX, Restored
from rs_srgan.evaluation.scored import Scored
from rs_srgan.evaluation.sources import Source
from rs_srgan.figures.scores import baseline
from rs_srgan.pixels.radiometry import Image

# Largest side of a picture, fine pixels; of larger images the centre is shown.
SIDE_PX = 256


@dataclass(frozen=True)
class Picture:
    """An image to show.

    Attributes:
        role: the reason for the choice: "random", "best", "worst", or several of them with commas.
        scored: the image with its figures.
    """

    role: str
    scored: Scored


def random_sources(sources: Sequence[Source], count: int, seed: int) -> set[str]:
    """Choose sites at random, and one image of each.

    Args:
        sources: the images to choose from.
        count: number of sites.
        seed: seed of the choice.

    Returns:
        names of the images.
    """
    random_ = random.Random(seed)
    sites: dict[str, list[str]] = {}
    for source in sources:
        sites.setdefault(source.site, []).append(source.name)
    chosen = random_.sample(sorted(sites), min(count, len(sites)))
    return {random_.choice(sites[site]) for site in chosen}


def merit(scored: Scored) -> float:
    """Compute the value by which the best and the worst image are chosen; larger is better.

    It is the gain in PSNR over the baseline, dB. Without a reference it is the difference between LR and the result
    as the sensor would see it, relative to that of bicubic, with a minus sign.
    """
    model = scored.scores["model"]
    if scored.case.hr is None:
        return -model.sensor / max(scored.scores["bicubic"].sensor, 1e-9)
    return model.psnr_db - scored.scores[baseline(scored.scores)].psnr_db


@dataclass
class Gallery:
    """A collector of the images to show.

    Attributes:
        wanted: names of the images that were chosen at random; the first window of each is shown.
    """

    wanted: set[str]
    _random: list[Scored] = field(default_factory=list)
    _best: Scored | None = None
    _worst: Scored | None = None

    def keep(self, name: str, centre: Scored) -> None:
        """Look at the next image, and keep it if it is to be shown; images without data in the centre are never kept.

        Args:
            name: name of the image, without its window.
            centre: the image with its figures, see `cut`.
        """
        value = merit(centre)
        truth = centre.restored.model if centre.case.hr is None else centre.case.hr
        if math.isnan(value) or not known(truth, centre.restored.model).any():
            return
        if name in self.wanted:
            self.wanted.remove(name)
            self._random.append(centre)
        if self._best is None or value > merit(self._best):
            self._best = centre
        if self._worst is None or value < merit(self._worst):
            self._worst = centre

    def pictures(self) -> list[Picture]:
        """Return the images chosen at random, the best and the worst; an image with several roles comes once."""
        roles: dict[str, list[str]] = {}
        shown: dict[str, Scored] = {}
        chosen = [("random", scored) for scored in self._random]
        chosen += [(role, one) for role, one in (("best", self._best), ("worst", self._worst)) if one]
        for role, scored in chosen:
            roles.setdefault(scored.case.name, []).append(role)
            shown[scored.case.name] = scored
        return [Picture(", ".join(roles[name]), scored) for name, scored in shown.items()]


def cut(scored: Scored, scale: int) -> Scored:
    """Cut out the centre of the counted part of an image, at most SIDE_PX along each side."""
    case = scored.case
    height, width = (min(SIDE_PX // scale, side - 2 * BORDER_HR_PX // scale) for side in case.lr.shape[1:])
    top, left = ((side - size) // 2 for side, size in zip(case.lr.shape[1:], (height, width), strict=True))

    def part(image: Image, fine: int) -> Image:
        piece: Image = image[..., top * fine : (top + height) * fine, left * fine : (left + width) * fine]
        return piece.copy()

    restored = scored.restored
    return replace(
        scored,
        case=replace(
            case,
            lr=part(case.lr, 1),
            hr=None if case.hr is None else part(case.hr, scale),
            guide=None,  # not shown
        ),
        restored=Restored(
            bicubic=part(restored.bicubic, scale),
            back_projection=part(restored.back_projection, scale),
            model=part(restored.model, scale),
            glp=None if restored.glp is None else part(restored.glp, scale),
        ),
        seen=part(scored.seen, 1),
        classes=None if scored.classes is None else part(scored.classes, scale),
    )
