"""Which images are shown: by a rule, not by taste."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rs_srgan.evaluation.images import Source
from rs_srgan.evaluation.metrics.masks import known
from rs_srgan.evaluation.protocol import BORDER_HR_PX, Restored
from rs_srgan.evaluation.scored import Scored
from rs_srgan.pixels.radiometry import Image

# Fine pixels of a picture; its centre is shown of a larger image.
SIDE_PX = 256


@dataclass(frozen=True)
class Picture:
    """An image to show, and why it was chosen: random, best, worst, or several of them."""

    role: str
    scored: Scored


def random_sources(sources: Sequence[Source], count: int, seed: int) -> set[str]:
    """Names of images at random: `count` sites, and one image of each."""
    random_ = random.Random(seed)
    sites: dict[str, list[str]] = {}
    for source in sources:
        sites.setdefault(source.site, []).append(source.name)
    chosen = random_.sample(sorted(sites), min(count, len(sites)))
    return {random_.choice(sites[site]) for site in chosen}


def merit(scored: Scored) -> float:
    """What makes an image the best or the worst.

    The gain over back-projection, dB; without a reference what is left to explain of LR, as a share of bicubic's.
    """
    model = scored.scores["model"]
    if scored.case.hr is None:
        return -model.sensor / max(scored.scores["bicubic"].sensor, 1e-9)
    return model.psnr_db - scored.scores["back_projection"].psnr_db


@dataclass
class Gallery:
    """The images that are shown, of those that were seen so far.

    Attributes:
        wanted: names of those chosen at random; the first window of each is shown.
    """

    wanted: set[str]
    _random: list[Scored] = field(default_factory=list)
    _best: Scored | None = None
    _worst: Scored | None = None

    def see(self, name: str, scored: Scored, scale: int) -> None:
        """Look at the next one, which is of the image `name`; at none whose centre is one hole."""
        centre, value = cut(scored, scale), merit(scored)
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
        """Those chosen at random, the best and the worst; none twice, but with all that it is."""
        roles: dict[str, list[str]] = {}
        shown: dict[str, Scored] = {}
        chosen = [("random", scored) for scored in self._random]
        chosen += [(role, one) for role, one in (("best", self._best), ("worst", self._worst)) if one]
        for role, scored in chosen:
            roles.setdefault(scored.case.name, []).append(role)
            shown[scored.case.name] = scored
        return [Picture(", ".join(roles[name]), scored) for name, scored in shown.items()]


def cut(scored: Scored, scale: int) -> Scored:
    """The centre of what is counted of it, SIDE_PX or less along each side."""
    case = scored.case
    height, width = (min(SIDE_PX // scale, side - 2 * BORDER_HR_PX // scale) for side in case.lr.shape[1:])
    top, left = ((side - size) // 2 for side, size in zip(case.lr.shape[1:], (height, width), strict=True))

    def part(image: Image, fine: int) -> Image:
        piece: Image = image[..., top * fine : (top + height) * fine, left * fine : (left + width) * fine]
        return piece.copy()

    return replace(
        scored,
        case=replace(
            case,
            lr=part(case.lr, 1),
            hr=None if case.hr is None else part(case.hr, scale),
            guide=None,  # not shown
        ),
        restored=Restored(**{name: part(image, scale) for name, image in vars(scored.restored).items()}),
        seen=part(scored.seen, 1),
        classes=None if scored.classes is None else part(scored.classes, scale),
    )
