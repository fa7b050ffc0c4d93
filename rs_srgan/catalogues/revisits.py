"""The choice of revisits for a model that takes several."""

from collections.abc import Sequence

from rs_srgan.catalogues.scene import Scene
from rs_srgan.errors import InputError
from rs_srgan.season import MOST_DAYS, days_apart

# A view with less clear ground than that adds more errors of registration than detail.
_LEAST_CLEAR = 0.3
# How much clear share a view may have less and still be preferred: for each month that it is nearer to the reference in
# the season, and if its orbit is not among the chosen ones, so that it sees the place from another side.
_PER_MONTH, _OTHER_ORBIT = 0.1, 0.1
_MONTH_DAYS = 30.4


def choose_views(scenes: Sequence[Scene], count: int, max_days: float = MOST_DAYS) -> list[Scene]:
    """Return the best set of revisits: clear over the place, near in season, of several orbits; the reference first.

    The reference is the clearest scene that has another one near in season, the newest of those that are equally clear.

    Args:
        scenes: what was found.
        count: the number of views that are wanted, at least 2; fewer are returned if there are not enough.
        max_days: largest distance from the reference in the season, days.

    Raises:
        InputError: fewer than two scenes are clear enough and near in season.
    """
    if count < 2:
        raise InputError(f"views is {count}; expected 2 or more. For one date leave it out.")
    usable = [scene for scene in scenes if scene.clear >= _LEAST_CLEAR]
    if len(usable) < 2:
        raise InputError(
            f"{len(usable)} of {len(scenes)} scenes show {100 * _LEAST_CLEAR:.0f} % of the area or more without "
            "clouds; expected at least 2 for several views. Choose more days."
        )
    near = {
        index: [other for other in usable if other is not scene and days_apart(scene.taken, other.taken) <= max_days]
        for index, scene in enumerate(usable)
    }
    possible = [index for index, others in near.items() if others]
    if not possible:
        raise InputError(
            f"No two of {len(usable)} clear scenes are within {max_days:.0f} days of the season; expected at least 2 "
            "for several views. Choose other days, or allow more of them (--max-days)."
        )
    reference = max(possible, key=lambda index: (round(usable[index].clear, 3), usable[index].taken))
    chosen, rest = [usable[reference]], near[reference]
    while rest and len(chosen) < count:
        best = max(rest, key=lambda scene: (_worth(scene, chosen), scene.taken))
        chosen.append(best)
        rest.remove(best)
    return chosen


def _worth(scene: Scene, chosen: Sequence[Scene]) -> float:
    other = scene.orbit is not None and scene.orbit not in {each.orbit for each in chosen}
    months = days_apart(scene.taken, chosen[0].taken) / _MONTH_DAYS
    return scene.clear - _PER_MONTH * months + _OTHER_ORBIT * other
