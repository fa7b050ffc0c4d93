"""Check of pairs before the first step: whether LR and HR belong together, and what lies between them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from train.data.ground import Footprint, footprint
from train.data.pair_agreement import PART_PX, UNRELATED, Agreement, agreements, middle
from train.data.pair_loader import Pair, PairLoader
from train.data.relation import MTF_LIMITS, Relation, relate

logger = logging.getLogger(__name__)

# Pairs whose blur, shift and tones are fitted, spread evenly over all; `agreements` looks at the others.
_MOST_PAIRS = 24
# Greatest distance of the corners of LR and HR, LR pixels: the shift that registration still finds.
_APART_LR_PX = 8
# Less than that of LR and HR of one place and date, 0.9 and more.
_CHANGED = 0.8
_SHIFTED_LR_PX = 0.25
_OTHER_GAIN, _OTHER_OFFSET = 0.05, 0.02
# Reflectance outside of these values is rare.
_REFLECTANCE = (-0.2, 2.0)
# Differences of the MTF up to this one do not matter.
_SAME_MTF = 0.03
# Pairs whose MTF differs by more from that of the others were made in another way.
_OTHER_MTF = 0.15
# LR that differs from HR by so many times what is usual, and by so much reflectance, holds something that HR does not.
_NOISIER, _NOISE = 3.0, 0.005


@dataclass(frozen=True)
class Comparison:
    """The relations of some pairs.

    Attributes:
        bands: names of the bands.
        relations: for each compared pair, by its site, the relation of each band; None where it has too little data.
        total: number of pairs that exist.
    """

    bands: tuple[str, ...]
    relations: Mapping[str, Sequence[Relation | None]]
    total: int

    def values(self, band: int, field: str) -> list[float]:
        """Return a field of a band's relation in all pairs."""
        return [getattr(each[band], field) for each in self.relations.values() if each[band] is not None]

    def correlation(self, site: str) -> float | None:
        """Return the best correlation of the bands in a pair; None if no band was compared."""
        found = [each.correlation for each in self.relations[site] if each]
        return max(found) if found else None

    def blur(self, site: str) -> float | None:
        """Return the median MTF of the bands of a pair that correlate well; None if no band does."""
        found = [each.mtf for each in self.relations[site] if each and each.correlation >= _CHANGED]
        return float(np.median(found)) if found else None

    def noise(self, site: str) -> float | None:
        """Return the median difference of LR from what HR predicts, reflectance; None if no band correlates well."""
        found = [each.rmse for each in self.relations[site] if each and each.correlation >= _CHANGED]
        return float(np.median(found)) if found else None

    def mtf(self) -> tuple[float, ...] | None:
        """Return the MTF between HR and LR, one value per band: medians of the pairs that correlate well.

        None if a band has no such pair.
        """
        columns = zip(*self.relations.values(), strict=True)
        fits = [[each.mtf for each in column if each and each.correlation >= _CHANGED] for column in columns]
        return tuple(round(float(np.median(fit)), 3) for fit in fits) if all(fits) else None

    def lines(self) -> list[str]:
        """Return a table for people: the median of each band, and its spread over the pairs."""
        fields = (
            *(("mtf", "MTF at Nyquist", 2), ("rows", "down", 2), ("cols", "right", 2), ("gain", "gain", 3)),
            *(("offset", "offset", 4), ("correlation", "correlation", 3), ("rmse", "RMSE", 4)),
        )
        rows = [
            f"LR against HR, {len(self.relations)} of {self.total} pairs; medians and spreads; shifts in LR pixels:"
        ]
        for band, name in enumerate(self.bands):
            parts = []
            for field, title, digits in fields:
                if values := self.values(band, field):
                    spread = 1.4826 * float(np.median(np.abs(np.array(values) - np.median(values))))
                    parts.append(f"{title} {np.median(values):.{digits}f} ±{spread:.{digits}f}")
            rows.append(f"  {name}: {', '.join(parts) or 'flat, or too little data'}")
        return rows


def compare(pairs: Sequence[Pair], load: PairLoader) -> Comparison:
    """Compare LR with HR, and refuse what does not belong together: some pairs are fitted, all dates are looked at.

    Other things that spoil a training are warned of: shifts, other tones, changes, and values that are no reflectance.

    Args:
        pairs: files of LR and HR.
        load: reads windows of the pairs, with HR matched as in training.

    Raises:
        InputError: coordinates of LR and HR differ, or they do not correlate; the message names the pairs.
    """
    _refuse_other_places(pairs, load)
    chosen = [pairs[index] for index in sorted({*np.linspace(0, len(pairs) - 1, _MOST_PAIRS).round().astype(int)})]
    shapes = load.prepare(chosen)
    relations = {}
    limits: list[FloatImage] = []
    for pair, shape in zip(chosen, shapes, strict=True):
        lr, hr = load.read(pair, middle(shape, PART_PX // load.scale))
        relations[pair.site] = relate(lr[0], hr, load.scale)
        limits += [np.nanpercentile(image, (1, 99)) for image in (lr, hr) if np.isfinite(image).any()]
    found = Comparison(load.bands, relations, len(pairs))
    others = agreements(pairs, chosen, load)
    _refuse_unrelated(found, others)
    _warn(found, others, load)
    _warn_of_units(limits)
    return found


def fitted_mtf(found: Comparison, expected: Sequence[float]) -> tuple[float, ...] | None:
    """Return the MTF to use between HR and LR instead of the expected one; None if that fits, or none can be fitted.

    Args:
        found: the relations of the pairs.
        expected: MTF that the model expects between HR and LR, one value per band.
    """
    mtf = found.mtf()
    if mtf is None:
        logger.warning("LR and HR correlate by less than %.1f: their blur cannot be fitted.", _CHANGED)
        return None
    if all(abs(one - other) <= _SAME_MTF for one, other in zip(mtf, expected, strict=True)):
        return None
    if max(mtf) > MTF_LIMITS[1] - 0.02:
        logger.warning("LR is HR without blur, as by nearest neighbour: it is aliased. Average HR over an LR pixel.")
    return mtf


def _refuse_other_places(pairs: Sequence[Pair], load: PairLoader) -> None:
    wrong = [text for pair in pairs for path in pair.lr if (text := _difference(pair.hr, path, load.scale))]
    if wrong:
        raise InputError(
            f"LR and HR of {len(wrong)} pairs show other places: {_some(wrong)}. Warp LR to the grid of HR with "
            f"{load.scale} times the pixel size, or leave these pairs out."
        )


def _difference(hr: Path, lr: Path, scale: int) -> str | None:
    """Return how the coordinates of two files differ; None if they do not, or if one has none."""
    fine, coarse = footprint(hr), footprint(lr)
    if fine is None or coarse is None:
        return None
    if fine.crs != coarse.crs:
        return f"{lr.name} has another CRS than its HR"
    apart = max(abs(a - b) for a, b in zip(fine.box, coarse.box, strict=True)) / _pixel(coarse, lr)
    return f"{lr.name} is {apart:.0f} LR pixels away from its HR" if apart > _APART_LR_PX else None


def _pixel(place: Footprint, path: Path) -> float:
    west, south, east, north = place.box
    height, width = place.shape
    return max((east - west) / width, (north - south) / height)


def _refuse_unrelated(found: Comparison, others: Sequence[Agreement]) -> None:
    levels = [(site, level) for site in found.relations if (level := found.correlation(site)) is not None]
    levels += [(each.name, each.correlation) for each in others if each.first]
    wrong = [f"{name} ({level:.2f})" for name, level in levels if level < UNRELATED]
    if wrong:
        raise InputError(
            f"LR and HR of {len(wrong)} of {len(levels)} pairs do not correlate: {_some(wrong)}; expected at "
            f"least {UNRELATED}. Leave these out, or set data.compare to false."
        )
    # Clouds and snow may hide a further date; the fusion learns to give such dates little weight.
    dates = [(each.name, each.correlation) for each in others if not each.first]
    hidden = [f"{name} ({level:.2f})" for name, level in dates if level < UNRELATED]
    if hidden:
        logger.warning(
            "%d of %d further dates do not correlate with HR: %s. If they show another place, leave them out.",
            len(hidden),
            len(dates),
            _some(hidden),
        )


def _warn(found: Comparison, others: Sequence[Agreement], load: PairLoader) -> None:
    """Warn of pairs with a shift, with other tones, with another blur than the others, or of another date."""
    shifted, apart, toned, changed = [], [], [], []
    for site, bands in found.relations.items():
        known = [each for each in bands if each]
        if not known:
            continue
        best = max(known, key=lambda each: each.correlation)
        shift = max(abs(best.rows), abs(best.cols))
        if best.correlation < _CHANGED:
            changed.append(f"{site} ({best.correlation:.2f})")
        elif shift > _SHIFTED_LR_PX:
            shifted.append(f"{site} ({best.rows:+.2f}, {best.cols:+.2f})")
        alike = [each for each in known if each.correlation >= _CHANGED]
        spread = max((max(abs(e.rows - best.rows), abs(e.cols - best.cols)) for e in alike), default=0.0)
        if spread > _SHIFTED_LR_PX:
            apart.append(f"{site} ({spread:.2f})")
        toned_bands = [each for each in known if abs(each.gain - 1) > _OTHER_GAIN or abs(each.offset) > _OTHER_OFFSET]
        if toned_bands and best.correlation >= _CHANGED:
            toned.append(f"{site} ({toned_bands[0].gain:.3f}, {toned_bands[0].offset:+.4f})")
    for other in others:
        sure = other.first and other.confidence >= _CHANGED
        if sure and max(abs(other.rows), abs(other.cols)) > _SHIFTED_LR_PX:
            shifted.append(f"{other.name} ({other.rows:+.2f}, {other.cols:+.2f})")
    if shifted:
        remedy = "" if load.align else " Set data.align to true, or register them."
        logger.warning("HR is shifted against LR, LR pixels down and right: %s.%s", _some(shifted), remedy)
    if apart:
        logger.warning("Bands of LR are shifted against each other, LR pixels: %s. Register them.", _some(apart))
    if toned:
        remedy = " Set data.matching to moments." if load.matching == "none" else ""
        logger.warning("LR has other tones than HR, gain and offset: %s.%s", _some(toned), remedy)
    if changed:
        logger.warning(
            "LR and HR of %d pairs correlate weakly, as those of other dates or places: %s.",
            len(changed),
            _some(changed),
        )
    _warn_of_other_blur({site: blur for site in found.relations if (blur := found.blur(site)) is not None})
    _warn_of_noise({site: noise for site in found.relations if (noise := found.noise(site)) is not None})


def _warn_of_other_blur(blurs: Mapping[str, float]) -> None:
    """Warn of pairs whose MTF, given by site, is not that of most pairs."""
    usual = float(np.median(list(blurs.values()))) if blurs else 0.0
    other = [f"{site} ({blur:.2f})" for site, blur in blurs.items() if abs(blur - usual) > _OTHER_MTF]
    if other:
        logger.warning(
            "Another blur lies between LR and HR of these pairs than of the others, MTF at Nyquist: %s; most have "
            "%.2f. Make them all in the same way, or leave these out.",
            _some(other),
            usual,
        )


def _warn_of_noise(noises: Mapping[str, float]) -> None:
    """Warn of pairs whose LR holds much that HR does not predict, given by site as reflectance."""
    usual = float(np.median(list(noises.values()))) if noises else 0.0
    other = [f"{site} ({noise:.4f})" for site, noise in noises.items() if noise > max(_NOISIER * usual, _NOISE)]
    if other:
        logger.warning(
            "LR differs more from HR in these pairs than in the others, RMSE in reflectance: %s; most have %.4f. Look "
            "for noise, haze, clouds or changes.",
            _some(other),
            usual,
        )


def _warn_of_units(limits: Sequence[FloatImage]) -> None:
    low, high = min(each[0] for each in limits), max(each[1] for each in limits)
    if low < _REFLECTANCE[0] or high > _REFLECTANCE[1]:
        logger.warning(
            "Values from %.4g to %.4g are no reflectance; expected about 0 to 1. Set data.reflectance to the scale and "
            "offset of your files.",
            low,
            high,
        )


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
