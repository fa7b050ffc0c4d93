"""SISRConfig and MISRConfig: flat, typed configurations that are checked once and written to config.json."""

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from rs_srgan.errors import InputError
from rs_srgan.models.fusion import FUSIONS
from rs_srgan.models.generators import GENERATORS
from rs_srgan.sensors import RGBN, find_sensor
from rs_srgan.sensors.mtf import KERNEL_WIDTH_LR_PX, SCALES
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX
from rs_srgan.sensors.projection import SHARPEN_LIMIT, SHARPEN_REACH_LR_PX

OUTPUTS = ("residual", "tanh")
STARTS = ("bicubic", "mtf-glp")


@dataclass(frozen=True)
class SISRConfig:
    """Configuration of `SISR`.

    Raises:
        InputError: a value is out of range, the sensor is unknown, or it lacks one of the bands.
    """

    scale: int = 4  # pixels out per pixel in, along each axis: 2, 4 or 8
    bands: tuple[str, ...] = RGBN  # names, in the order of the channels
    guide_bands: tuple[str, ...] = ()  # bands with `scale` times finer pixels; (B04, ...) for the 20 m bands
    generator: str = "edsr"  # a name in models.generators.GENERATORS
    output: str = "residual"  # what the generator makes: one of OUTPUTS, see SISR
    channels: int = 48  # a multiple of 16: fewer are not faster with AVX-512
    blocks: int = 8  # receptive field 26 px with the projection: a 512 px tile costs 21 % halo
    consistent: bool = True  # whether the projection makes the result agree with the input
    mtf_nyquist: tuple[float, ...] = ()  # one value per band; empty: the sensor's
    reflectance_mean: float = 0.15  # the network sees (reflectance - mean) / std
    reflectance_std: float = 0.15  # of the same normalisation, above 0
    uncertainty: bool = False  # whether the model has an uncertainty head
    base_model: str = ""  # name of the model that a GAN's training began with: detail 0
    adds_to: str = "bicubic"  # what the generator adds to: one of STARTS; "mtf-glp" takes detail from guide_bands
    quantized: bool = False  # whether the generator is trained to run in int8, see models.quantization
    sensor: str = "sentinel2"  # a name in sensors.SENSORS: whose bands the model takes
    sharpen_limit: float = SHARPEN_LIMIT  # of the projection; stored, because it decides what saved weights compute
    sharpen_reach_lr_px: int = SHARPEN_REACH_LR_PX  # of the projection's filter
    psf_width_lr_px: int = KERNEL_WIDTH_LR_PX  # of the sensor model's kernel, an odd number

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            elements = _ELEMENTS.get(field.name)
            if not _is_like(value, field.default) or (elements is not None and not _all_like(value, elements)):
                raise InputError(f"{field.name} is {value!r:.60}; expected a value like {field.default!r}.")
        # JSON and YAML have lists only.
        object.__setattr__(self, "bands", tuple(self.bands))
        object.__setattr__(self, "guide_bands", tuple(self.guide_bands))
        sensor = find_sensor(self.sensor)
        object.__setattr__(self, "mtf_nyquist", tuple(self.mtf_nyquist) or sensor.mtf_nyquist(self.bands))
        self._require(self.scale in SCALES, "scale", f"one of {SCALES}")
        self._require(len(self.bands) > 0, "bands", "at least one band name")
        self._require(self.generator in GENERATORS, "generator", f"one of {', '.join(GENERATORS)}")
        self._require(self.output in OUTPUTS, "output", f"one of {OUTPUTS}")
        guided = self.adds_to == "bicubic" or (len(self.guide_bands) > 0 and self.output == "residual")
        expected = f"one of {STARTS}; mtf-glp needs guide_bands and output residual"
        self._require(self.adds_to in STARTS and guided, "adds_to", expected)
        self._require(len(set(self.bands)) == len(self.bands), "bands", "every band once")
        twice = set(self.guide_bands) & set(self.bands) or len(set(self.guide_bands)) < len(self.guide_bands)
        self._require(not twice, "guide_bands", "every band once, and none that is in bands")
        self._require(1 <= self.channels <= 1024, "channels", "1 to 1024")
        self._require(1 <= self.blocks <= 256, "blocks", "1 to 256")
        self._require(len(self.mtf_nyquist) == len(self.bands), "mtf_nyquist", f"one value per band, {len(self.bands)}")
        self._require(all(0 < mtf < 0.99 for mtf in self.mtf_nyquist), "mtf_nyquist", "values between 0 and 0.99")
        self._require(-10 < self.reflectance_mean < 10, "reflectance_mean", "a reflectance")
        self._require(0 < self.reflectance_std < 10, "reflectance_std", "a reflectance above 0")
        mixed = self.quantized and self.base_model != ""
        self._require(not mixed, "quantized", "False for a model with base_model, because detail mixes its weights")
        self._require(0.01 <= self.sharpen_limit <= 10, "sharpen_limit", "0.01 to 10")
        self._require(1 <= self.sharpen_reach_lr_px <= 8, "sharpen_reach_lr_px", "1 to 8")
        width = self.psf_width_lr_px
        self._require(width % 2 == 1 and 3 <= width <= 15, "psf_width_lr_px", "an odd number, 3 to 15")

    @property
    def several(self) -> bool:
        """True for models that take several revisits."""
        return False

    @property
    def input_channels(self) -> int:
        """Channels that the network takes: the bands, and guide bands as channels, with MTF-GLP's result if it adds."""
        fine = len(self.guide_bands) + (len(self.bands) if self.adds_to == "mtf-glp" else 0)
        return len(self.bands) + fine * self.scale**2

    def _require(self, met: bool, field: str, expected: str) -> None:
        if not met:
            raise InputError(f"{field} is {getattr(self, field)!r}; expected {expected}.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the configuration that `values` describes; every field must be given, since defaults may change.

        Raises:
            InputError: a key is missing or unknown, or a value has the wrong type. The message names the nearest known
                key.
        """
        fields = {each.name: each.default for each in dataclasses.fields(cls)}
        for key in values:
            if key not in fields:
                near = difflib.get_close_matches(key, fields, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(fields)}."
                raise InputError(f"Unknown key {key!r} in the model's configuration; {hint}")
        for key, default in fields.items():
            if key not in values:
                raise InputError(f"The model's configuration lacks {key!r}; add it, for example {default!r}.")
            if not _is_like(values[key], default) or (key in _ELEMENTS and not _all_like(values[key], _ELEMENTS[key])):
                raise InputError(f"{key} is {values[key]!r:.60}; expected a value like {default!r}.")
        return cls(**values)


@dataclass(frozen=True)
class MISRConfig(SISRConfig):
    """Configuration of `MISR`: that of the SISR model inside, and that of the fusion.

    Raises:
        InputError: a value is out of range.
    """

    fusion: str = "innovation"  # a name in models.fusion.FUSIONS
    fusion_channels: int = 48  # width of "innovation"; "recursive" has the generator's width
    fusion_blocks: int = 3  # residual blocks: of the correction in "innovation", of the encoder in "recursive"
    largest_offset_lr_px: float = LARGEST_OFFSET_LR_PX  # views count up to this offset; "recursive" ignores offsets

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.fusion in FUSIONS, "fusion", f"one of {', '.join(FUSIONS)}")
        self._require(0 <= self.fusion_blocks <= 64, "fusion_blocks", "0 to 64")
        width = self.fusion_channels
        self._require(width % 8 == 0 and 8 <= width <= 1024, "fusion_channels", "a multiple of 8, 8 to 1024")
        self._require(0.5 <= self.largest_offset_lr_px <= 1, "largest_offset_lr_px", "0.5 to 1")
        self._require(not self.quantized, "quantized", "False for several views")
        self._require(not self.guide_bands, "guide_bands", "none: several views and a guide are not combined")

    @property
    def several(self) -> bool:
        """True for models that take several revisits."""
        return True


# An element of each list.
_ELEMENTS: dict[str, object] = {"bands": "", "guide_bands": "", "mtf_nyquist": 0.0}


def _is_like(value: object, example: object) -> bool:
    """Return whether a value from JSON, which has no tuples and writes 1.0 as 1, has the type of `example`."""
    accepted = {tuple: (list, tuple), float: (int, float)}.get(type(example), type(example))
    return isinstance(value, accepted) and isinstance(value, bool) == isinstance(example, bool)


def _all_like(values: list[object], example: object) -> bool:
    return all(_is_like(value, example) for value in values)
