"""What a model is built from: flat, typed, checked once, written to config.json."""

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from rs_srgan.errors import InputError
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import SCALES

GENERATORS = ("edsr", "srresnet", "rrdb", "rcab", "lka")
OUTPUTS = ("residual", "tanh")
FUSIONS = ("innovation", "recursive")


@dataclass(frozen=True)
class SISRConfig:
    """Configuration of `SISR`.

    Raises:
        InputError: a value out of range, or `mtf_nyquist` of another length than `bands`.
    """

    scale: int = 4
    bands: tuple[str, ...] = RGBN  # names, in the order of the channels
    guide_bands: tuple[str, ...] = ()  # bands `scale` times finer, whose detail helps; (B04, ...) for the 20 m bands
    generator: str = "edsr"  # one of GENERATORS
    output: str = "residual"  # what the generator makes: one of OUTPUTS, see SISR
    channels: int = 48  # a multiple of 16: narrower is not faster with AVX-512
    blocks: int = 8  # receptive field 26 px with the projection: a 512 px tile costs 21 % halo
    consistent: bool = True  # whether the result is made to agree with what the sensor saw
    mtf_nyquist: tuple[float, ...] = ()  # one per band; empty: Sentinel-2's own, from bands.py
    reflectance_mean: float = 0.15  # the network sees (reflectance - mean) / std
    reflectance_std: float = 0.15
    uncertainty: bool = False  # whether it has a head that says how far off it may be
    base_model: str = ""  # what a GAN's training began with, by the name `load_model` takes: detail 0

    def __post_init__(self) -> None:
        # JSON and YAML know lists only
        object.__setattr__(self, "bands", tuple(self.bands))
        object.__setattr__(self, "guide_bands", tuple(self.guide_bands))
        object.__setattr__(self, "mtf_nyquist", tuple(self.mtf_nyquist) or SENTINEL2.mtf_nyquist(self.bands))
        self._require(self.scale in SCALES, "scale", f"one of {SCALES}")
        self._require(len(self.bands) > 0, "bands", "at least one band name")
        self._require(self.generator in GENERATORS, "generator", f"one of {GENERATORS}")
        self._require(self.output in OUTPUTS, "output", f"one of {OUTPUTS}")
        self._require(len(set(self.bands)) == len(self.bands), "bands", "every band once")
        twice = set(self.guide_bands) & set(self.bands) or len(set(self.guide_bands)) < len(self.guide_bands)
        self._require(not twice, "guide_bands", "every band once, and none that is in bands")
        self._require(1 <= self.channels <= 1024, "channels", "1 to 1024")
        self._require(1 <= self.blocks <= 256, "blocks", "1 to 256")
        self._require(len(self.mtf_nyquist) == len(self.bands), "mtf_nyquist", f"one value per band, {len(self.bands)}")
        self._require(all(0 < mtf < 0.99 for mtf in self.mtf_nyquist), "mtf_nyquist", "values between 0 and 0.99")
        self._require(-10 < self.reflectance_mean < 10, "reflectance_mean", "a reflectance")
        self._require(0 < self.reflectance_std < 10, "reflectance_std", "a reflectance above 0")

    @property
    def several(self) -> bool:
        """Whether the model takes several revisits."""
        return False

    def _require(self, met: bool, field: str, expected: str) -> None:
        if not met:
            raise InputError(f"{field} is {getattr(self, field)!r}; expected {expected}.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The configuration that `values` describes, all of it: a field left to its default would change the model.

        Raises:
            InputError: a missing key, an unknown one, named with the nearest known one, or a value of the wrong type.
        """
        fields = {each.name: each.default for each in dataclasses.fields(cls)}
        for key in values:
            if key not in fields:
                near = difflib.get_close_matches(key, fields, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(fields)}."
                raise InputError(f"Unknown key {key!r} in the model's configuration; {hint}")
        for key, default in fields.items():
            if key not in values:
                raise InputError(f"The model's configuration lacks {key!r}.")
            if not _is_like(values[key], default) or (key in _ELEMENTS and not _all_like(values[key], _ELEMENTS[key])):
                raise InputError(f"{key} is {values[key]!r:.60}; expected a value like {default!r}.")
        return cls(**values)


@dataclass(frozen=True)
class MISRConfig(SISRConfig):
    """Configuration of `MISR`: of the SISR model that it holds, and of what brings the views together.

    Raises:
        InputError: a value out of range.
    """

    fusion: str = "innovation"  # one of FUSIONS
    fusion_channels: int = 48  # of "innovation"; "recursive" works on the generator's features
    fusion_blocks: int = 3  # residual blocks: of what corrects, with "innovation"; of the encoder, with "recursive"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.fusion in FUSIONS, "fusion", f"one of {FUSIONS}")
        self._require(0 <= self.fusion_blocks <= 64, "fusion_blocks", "0 to 64")
        width = self.fusion_channels
        self._require(width % 8 == 0 and 8 <= width <= 1024, "fusion_channels", "a multiple of 8, 8 to 1024")
        self._require(not self.guide_bands, "guide_bands", "none: several views and a guide are not combined")

    @property
    def several(self) -> bool:
        """Whether the model takes several revisits."""
        return True


# What the lists hold.
_ELEMENTS: dict[str, object] = {"bands": "", "guide_bands": "", "mtf_nyquist": 0.0}


def _is_like(value: object, example: object) -> bool:
    """Whether a value from JSON, which has no tuples and writes 1.0 as 1, has the type of `example`."""
    accepted = {tuple: (list, tuple), float: (int, float)}.get(type(example), type(example))
    return isinstance(value, accepted) and isinstance(value, bool) == isinstance(example, bool)


def _all_like(values: list[object], example: object) -> bool:
    return all(_is_like(value, example) for value in values)
