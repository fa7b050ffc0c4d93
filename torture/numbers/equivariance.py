"""Equivariance: a moved, flipped, turned or brighter image gives a moved, flipped, turned or brighter result.

Moves are exact but for rounding. No network is trained to be exact under the others, so their bounds are measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Self

import numpy as np
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from torch import Tensor

from rs_srgan import MISR, SISR, load_model
from rs_srgan.hub.names import bundled_names
from torture.deadline import Deadline
from torture.numbers.attempts import check_all
from torture.numbers.images import land
from torture.row import Row

# The largest difference after a move, reflectance: what float32 rounds.
MOVED = 2e-5
# The largest root mean square difference after a flip or a turn, reflectance.
FLIPPED = 0.03
# The largest root mean square difference of a result of a darker or brighter image, share of the mean reflectance.
BRIGHTER = 0.08
_EXAMPLES = 6
_LARGEST_MOVE = 5

_Model = SISR | MISR
_Property = Callable[[_Model, int, int, int, float], str]


@dataclass(frozen=True)
class Inputs:
    """What a model takes, as a batch of one.

    Attributes:
        images: the image, or views; and the guide, if the model has one.
        offsets: offsets of views; None for one image.
    """

    images: tuple[Tensor, ...]
    offsets: Tensor | None = None

    @classmethod
    def of(cls, model: _Model, number: int, side: int) -> Self:
        """Make inputs of land for a model, `side` LR pixels wide and high."""
        random, config = np.random.default_rng(number), model.config
        image = torch.from_numpy(land((len(config.bands), side, side), random))[None]
        if isinstance(model, MISR):
            others = [image + 0.003 * torch.from_numpy(random.normal(size=image.shape)).float() for _ in range(2)]
            offsets = torch.from_numpy(random.uniform(-0.5, 0.5, (1, 3, 2, side, side))).float()
            offsets[:, 0] = 0
            return cls((torch.stack([image, *others], dim=1),), offsets)
        if not config.guide_bands:
            return cls((image,))
        fine = side * model.scale
        return cls((image, torch.from_numpy(land((len(config.guide_bands), fine, fine), random))[None]))

    def cropped(self, top: int, left: int, scale: int) -> Self:
        """Leave out rows at the top and columns at the left, LR pixels."""
        factors = (1, scale)
        images = (image[..., top * f :, left * f :] for image, f in zip(self.images, factors, strict=False))
        offsets = None if self.offsets is None else self.offsets[..., top:, left:]
        return type(self)(tuple(images), offsets)

    def turned(self, way: int) -> Self:
        """Flip and turn: bit 0 flips columns, bit 1 rows, bit 2 exchanges the two."""
        offsets = self.offsets
        if offsets is not None:
            signs = torch.tensor([-1.0 if way & 2 else 1.0, -1.0 if way & 1 else 1.0]).view(2, 1, 1)
            offsets = turned(offsets, way) * signs
            offsets = offsets.flip(-3) if way & 4 else offsets
        return type(self)(tuple(turned(image, way) for image in self.images), offsets)

    def brighter(self, factor: float) -> Self:
        """Multiply all reflectance."""
        return type(self)(tuple(image * factor for image in self.images), self.offsets)

    @torch.inference_mode()
    def through(self, model: _Model) -> Tensor:
        """Return the result of a model, (C, H, W)."""
        several = isinstance(model, MISR)
        result: Tensor = model(self.images[0], None, self.offsets) if several else model(*self.images)
        return result[0]


def turned(image: Tensor, way: int) -> Tensor:
    """Flip and turn an image (..., h, w); see `Inputs.turned`."""
    image = image.flip(-1) if way & 1 else image
    image = image.flip(-2) if way & 2 else image
    return image.transpose(-1, -2) if way & 4 else image


def move(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Move images by whole LR pixels."""
    return [_for_all_models("moves by whole pixels", seed, quick, fault_of_move, until)]


def flip_and_turn(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Flip and turn images."""
    return [_for_all_models("flips and turns", seed, quick, fault_of_turn, until)]


def scale_brightness(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Make images darker and brighter."""
    return [_for_all_models("brightness times 0.5 to 1.5", seed, quick, fault_of_brightness, until)]


def fault_of_move(model: _Model, number: int, top: int, left: int, _: float) -> str:
    """Return what is wrong with the result of an image without its first rows and columns."""
    halo, scale = model.receptive_field, model.scale
    inputs = Inputs.of(model, number, 2 * halo + _LARGEST_MOVE + 3)
    whole = _through(model, number)[:, (top + halo) * scale :, (left + halo) * scale :]
    part = inputs.cropped(top, left, scale).through(model)[:, halo * scale :, halo * scale :]
    difference = float((whole - part).abs().max())
    return "" if difference <= MOVED else f"differs by {difference:.2g} after a move by {top} rows, {left} columns"


def fault_of_turn(model: _Model, number: int, top: int, left: int, _: float) -> str:
    """Return what is wrong with the result of a flipped or turned image."""
    way = 1 + (top + 6 * left) % 7
    inputs = Inputs.of(model, number, 2 * model.receptive_field + _LARGEST_MOVE + 3)
    difference = _rms(turned(_through(model, number), way) - inputs.turned(way).through(model))
    return "" if difference <= FLIPPED else f"differs by {difference:.2g} (root mean square) when turned, way {way}"


def fault_of_brightness(model: _Model, number: int, _top: int, _left: int, factor: float) -> str:
    """Return what is wrong with the result of a darker or brighter image."""
    inputs = Inputs.of(model, number, 2 * model.receptive_field + _LARGEST_MOVE + 3)
    whole = _through(model, number)
    share = _rms(inputs.brighter(factor).through(model) / factor - whole) / float(whole.mean())
    return "" if share <= BRIGHTER else f"differs by {share:.1%} at {factor:.2f} times the brightness"


@cache
def _through(model: _Model, number: int) -> Tensor:
    return Inputs.of(model, number, 2 * model.receptive_field + _LARGEST_MOVE + 3).through(model)


def _rms(image: Tensor) -> float:
    return float(image.square().mean().sqrt())


def _for_all_models(subject: str, chosen_seed: int, quick: bool, fault: _Property, until: Deadline) -> Row:
    names = ["sisr-x2-rgbn"] if quick else bundled_names()

    def check(name: str) -> str:
        """Let Hypothesis look for numbers with which the property does not hold; return the simplest."""
        model = load_model(name)
        found = ""

        @seed(chosen_seed)
        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 2), st.integers(0, _LARGEST_MOVE), st.integers(0, _LARGEST_MOVE), st.floats(0.5, 1.5))
        def holds(number: int, top: int, left: int, factor: float) -> None:
            nonlocal found
            if words := fault(model, number, top, left, factor):
                found = f"image {number} {words}"
                raise AssertionError(words)

        try:
            holds()
        except AssertionError:
            return found
        finally:
            _through.cache_clear()
        return ""

    checks = ((f"seed {chosen_seed}, {name}", partial(check, name)) for name in names)
    return check_all(subject, checks, until)
