"""The offset of a scene's pixels: decided by what catalogue and metadata say, and by the pixels themselves.

Since baseline 04.00 (25 January 2022) products store reflectance as DN with 1000 added. Some archives take it out
again, and their metadata often state the wrong one of both. Dark land and water tell the two apart: their reflectance
is below 0.1, so with the offset their DN are above 1000, and without it below.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from rs_srgan.catalogues.catalogue import Collection
from rs_srgan.catalogues.scene import Part
from rs_srgan.pixels.radiometry import Image

logger = logging.getLogger(__name__)

OFFSET_DN = -1000
_FIRST_BASELINE, _OWN_SEN2COR = "04.00", "99.99"
_FIRST_DAY = date(2022, 1, 25)
# Scene classification: topographic and cloud shadows, vegetation, water.
_DARK_CLASSES = (2, 3, 4, 6)
_FEWEST_PX = 50
# DN between reflectance -0.015 and -0.005 with the offset, or 0.085 and 0.095 without it: neither is likely.
_BELOW, _ABOVE = 850, 950
# The darkest share of pixels, percent: noise and single defects do not count.
_LOW_PERCENT = 2.0


@dataclass(frozen=True)
class Decision:
    """What was decided about the offset of a scene's pixels.

    Attributes:
        dn: DN to add before scaling: -1000 or 0.
        reason: why, for people.
        sure: False if neither metadata nor pixels could tell.
    """

    dn: int
    reason: str
    sure: bool = True


def judge(dn: Image, classes: Image | None) -> bool | None:
    """Return whether pixels hold the offset, by their darkest values; None if they do not tell.

    Args:
        dn: pixels as stored, (C, h, w); 0 where there is no data.
        classes: scene classification of the same pixels, (h, w); None without.
    """
    valid = (dn > 0).all(0)
    if valid.sum() < _FEWEST_PX:
        return None
    darkest = dn.min(0)
    if np.percentile(darkest[valid], _LOW_PERCENT) < _BELOW:
        return False
    if classes is None:
        return None
    dark = valid & np.isin(classes, _DARK_CLASSES)
    if dark.sum() < _FEWEST_PX:
        return None
    median = float(np.median(darkest[dark]))
    return None if _BELOW <= median <= _ABOVE else median > _ABOVE


def claims_of(part: Part, collection: Collection, taken: date) -> dict[str, bool]:
    """Return what catalogue and metadata say: whether the pixels hold the offset, by the source that says so."""
    claims = {}
    known = bool(part.baseline) and part.baseline != _OWN_SEN2COR
    modern = part.baseline >= _FIRST_BASELINE if known else taken >= _FIRST_DAY
    if known and not modern:
        claims[f"baseline {part.baseline}"] = False
    elif collection.offset != "stated":
        claims[f"the rule of {collection.name}"] = modern and collection.offset == "kept"
    elif known:
        claims[f"baseline {part.baseline}"] = True
    if part.applied is not None:
        claims[f"boa_offset_applied = {str(part.applied).lower()}"] = modern and not part.applied
    stated = {asset.offset for asset in part.images.values() if asset.offset is not None}
    if stated:
        claims[f"raster:bands offset {min(stated):g}"] = min(stated) < 0
    return claims


def decide(claims: dict[str, bool], seen: bool | None, taken: date) -> Decision:
    """Return the decision: what all claims say, and the pixels' word where they contradict a claim.

    Args:
        claims: see `claims_of`; the first one comes from the catalogue's rule or from the baseline.
        seen: see `judge`.
        taken: day of the acquisition.
    """
    said = ", ".join(f"{source} says {'kept' if holds else 'none'}" for source, holds in claims.items())
    if seen is not None:
        dark = "dark pixels are above DN 1000" if seen else "dark pixels are near DN 0"
        agreed = set(claims.values()) <= {seen}
        return Decision(
            OFFSET_DN if seen else 0, f"{dark}; {said or 'no metadata'}" if not agreed else f"{said or dark}"
        )
    if len(set(claims.values())) == 1:
        return Decision(OFFSET_DN if next(iter(claims.values())) else 0, said)
    holds = next(iter(claims.values())) if claims else taken >= _FIRST_DAY
    why = (
        f"{said or 'no metadata'}; no dark pixels to compare, so the first counts"
        if claims
        else "only the date is known"
    )
    return Decision(OFFSET_DN if holds else 0, why, sure=False)


def disputed(claims: dict[str, bool]) -> bool:
    """Return whether metadata alone do not decide."""
    return len(set(claims.values())) != 1


def report(decision: Decision, name: str) -> None:
    """Log what was decided and why; a warning if it is not sure."""
    level = logging.INFO if decision.sure else logging.WARNING
    remedy = "" if decision.sure else " To overrule it: --offset -1000 or --offset 0."
    logger.log(level, "%s: offset %d DN (%s).%s", name, decision.dn, decision.reason, remedy)


def darkest_bands(bands: Sequence[str]) -> tuple[str, ...]:
    """Return the bands that are darkest over vegetation and water: two of them if they are among `bands`, else all."""
    dark = tuple(band for band in ("B04", "B08") if band in bands)
    return dark or tuple(bands)
