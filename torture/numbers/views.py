"""Views: their order, and pixels that their masks hide, must not matter."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from rs_srgan import MISR, load_model
from rs_srgan.hub.names import bundled_names
from rs_srgan.pixels.radiometry import FloatImage, Mask
from torture.deadline import Deadline
from torture.numbers.attempts import check_all
from torture.numbers.images import land
from torture.row import Row

# The largest difference, reflectance: float32 adds up the views in another order.
REORDERED = 1e-5
_SHAPE, _VIEWS = (4, 40, 36), 4


def mix_views(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Change the order of revisits, and the values under their masks."""
    names = [name for name in bundled_names() if name.startswith("misr")][: 1 if quick else None]
    return [check_all("order and masks of revisits", _checks(names, seed, 1 if quick else 5), until)]


def _checks(names: list[str], seed: int, count: int) -> Iterator[tuple[str, Callable[[], str]]]:
    for name in names:
        model = load_model(name)
        assert isinstance(model, MISR)
        for number in range(count):
            for fault in (fault_of_order, fault_of_hidden_values, fault_of_hidden_view):
                title = f"seed {seed}, {name}, {fault.__name__} {number}"
                yield title, partial(fault, model, np.random.default_rng((seed, number)))


def _views(random: np.random.Generator) -> tuple[list[FloatImage], list[Mask]]:
    first = land(_SHAPE, random)
    others = [np.roll(first, (at, -at), (1, 2)) + random.normal(0, 0.004, _SHAPE) for at in range(1, _VIEWS)]
    views = [first, *(other.astype(np.float32) for other in others)]
    return views, [random.random(_SHAPE[1:]) > 0.2 for _ in views]


def fault_of_order(model: MISR, random: np.random.Generator) -> str:
    """Return what is wrong if the views come in another order."""
    views, masks = _views(random)
    order = random.permutation(_VIEWS).tolist()
    whole = model.predict(views, masks)
    moved = model.predict([views[at] for at in order], [masks[at] for at in order], reference=order.index(0))
    return _difference(whole, moved, f"in the order {order}", REORDERED)


def fault_of_hidden_values(model: MISR, random: np.random.Generator) -> str:
    """Return what is wrong if masked pixels of a view have other values, none included."""
    views, masks = _views(random)
    whole = model.predict(views, masks)
    hidden = [views[0], *(view.copy() for view in views[1:])]
    for view, mask in zip(hidden[1:], masks[1:], strict=True):
        view[:, ~mask] = random.choice([np.nan, 3.0, 0.0])
    # registration compares the views where they count, so it sees the same pixels
    return _difference(whole, model.predict(hidden, masks), "with other values under the masks", REORDERED)


def fault_of_hidden_view(model: MISR, random: np.random.Generator) -> str:
    """Return what is wrong if a view that is masked everywhere is left out."""
    views, masks = _views(random)
    masks[2][:] = False
    whole = model.predict(views, masks)
    others = [0, 1, 3]
    without = model.predict([views[at] for at in others], [masks[at] for at in others])
    return _difference(whole, without, "without a hidden view", REORDERED)


def _difference(one: FloatImage, other: FloatImage, when: str, most: float) -> str:
    if (np.isnan(one) != np.isnan(other)).any():
        return f"has data elsewhere {when}"
    difference = float(np.nanmax(np.abs(one - other)))
    return "" if difference <= most else f"differs by {difference:.2g} {when}"
