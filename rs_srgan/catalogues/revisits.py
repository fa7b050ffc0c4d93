"""The choice of revisits for a model that takes several."""

from collections.abc import Sequence

from rs_srgan.catalogues.scene import Scene
from rs_srgan.errors import InputError

# A view with less clear ground than that adds more errors of registration than detail.
_LEAST_CLEAR = 0.3
# How much clear share a view may have less and still be preferred: for each month that it is nearer to the reference in
# the season, and if its orbit is not among the chosen ones, so that it sees the place from another side.
_PER_MONTH, _OTHER_ORBIT = 0.1, 0.1
_YEAR_DAYS, _MONTH_DAYS = 365.25, 30.4


def choose_views(scenes: Sequence[Scene], count: int) -> list[Scene]:
    """Return the best set of revisits: clear over the place, near in season, of several orbits; the reference first.

    The reference is the clearest scene, the newest of those that are equally clear.

    Args:
        scenes: what was found.
        count: the number of views that are wanted, at least 2; fewer are returned if there are not enough.

    Raises:
        InputError: fewer than two scenes are clear enough.
    """
    if count < 2:
        raise InputError(f"views is {count}; expected 2 or more. For one date leave it out.")
    usable = [scene for scene in scenes if scene.clear >= _LEAST_CLEAR]
    if len(usable) < 2:
        raise InputError(
            f"{len(usable)} of {len(scenes)} scenes show {100 * _LEAST_CLEAR:.0f} % of the area or more without "
            "clouds; expected at least 2 for several views. Choose more days."
        )
    chosen = [max(usable, key=lambda scene: (round(scene.clear, 3), scene.taken))]
    rest = [scene for scene in usable if scene is not chosen[0]]
    while rest and len(chosen) < count:
        best = max(rest, key=lambda scene: (_worth(scene, chosen), scene.taken))
        chosen.append(best)
        rest.remove(best)
    return chosen


def _worth(scene: Scene, chosen: Sequence[Scene]) -> float:
    other = scene.orbit is not None and scene.orbit not in {each.orbit for each in chosen}
    return scene.clear - _PER_MONTH * months_apart(scene, chosen[0]) + _OTHER_ORBIT * other


def months_apart(scene: Scene, other: Scene) -> float:
    """Return how far apart the seasons of two scenes are, in months, 0 to 6."""
    days = abs((scene.taken - other.taken).total_seconds()) / 86_400 % _YEAR_DAYS
    return min(days, _YEAR_DAYS - days) / _MONTH_DAYS
