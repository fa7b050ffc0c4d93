"""`PredictOptions`: the options of a prediction, each written in one place.

A field states its type, default, check and help text. The arguments of `rs-srgan predict`, the documentation of
`super_resolve` and the lines that the app shows for a result are made from the fields.
"""

import dataclasses
import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rs_srgan.errors import InputError
from rs_srgan.inference import option_checks as checks
from rs_srgan.reading.stated import Stated
from rs_srgan.season import MOST_DAYS
from rs_srgan.sensors import SENSORS
from rs_srgan.writing.blocks import COMPRESSIONS

ENGINES = ("auto", "torch", "openvino")
PRECISIONS = ("auto", "fp32", "bf16", "int8")
DTYPES = ("auto", "float32")

_MAX_THREADS = 1024
# TIFF 6.0, section 15: sides of blocks are multiples of 16. Larger blocks make tiles that fill the memory.
_BLOCK_UNIT_PX, _MAX_BLOCK_PX = 16, 2048
_KEY = "option"


@dataclass(frozen=True)
class Option:
    """What a field of `PredictOptions` states beside its type and its default.

    Attributes:
        help: the value in a few words, with unit and range; for the command line and for Python.
        check: returns the value in its plain form, given the option's name and the value, or raises InputError.
        parse: makes the value from a word of the command line.
        metavar: what stands for the value in the command line's help.
        choices: all values that are allowed, if they can be listed.
        nargs: how many words the value takes on the command line; None for one.
    """

    help: str
    check: checks.Check | None = None
    parse: Callable[[str], object] = str
    metavar: str | tuple[str, ...] | None = None
    choices: tuple[str, ...] | None = None
    nargs: int | str | None = None


def _option(help: str, **facts: Any) -> dict[str, Option]:  # noqa: ANN401
    """Return the metadata of a field: its `Option`."""
    return {_KEY: Option(help, **facts)}


def option_of(field: "dataclasses.Field[Any]") -> Option:
    """Return what a field of `PredictOptions` states."""
    option: Option = field.metadata[_KEY]
    return option


@dataclass(frozen=True)
class PredictOptions:
    """Options of a prediction, checked when they are put together.

    Raises:
        InputError: a value that its option does not allow, or two options that exclude each other.
    """

    sensor: str | None = dataclasses.field(
        default=None,
        metadata=_option(
            "the sensor that the images are of; by default the model's own",
            check=checks.one_of(*SENSORS),
            choices=tuple(SENSORS),
        ),
    )
    masks: Sequence[str | Path] | None = dataclasses.field(
        default=None,
        metadata=_option(
            "for several images: one mask each, - for none. A mask is a raster of one band on the image's grid or a "
            'coarser one: a scene classification if "SCL" is in its name, else pixels that are not zero count. '
            "Products have their own",
            check=checks.paths,
            metavar="M",
            nargs="+",
        ),
    )
    reference: int | str | Path | None = dataclasses.field(
        default=None,
        metadata=_option(
            "for several images: the one that the result shows, by its name or, in Python, its index; by default the "
            "one that the others show most, and of two images the clearer one",
            check=checks.index_or_path,
            metavar="IN",
        ),
    )
    max_days: int = dataclasses.field(
        default=MOST_DAYS,
        metadata=_option(
            "for several images: those taken more than this many days of the season before or after the reference are "
            "not used, because the ground changes; 183 uses all",
            check=checks.whole(0, 366),
            parse=int,
            metavar="N",
        ),
    )
    bbox: Sequence[float] | None = dataclasses.field(
        default=None,
        metadata=_option(
            "west, south, east and north of the part that is wanted: degrees of longitude and latitude, WGS 84",
            check=checks.box,
            parse=float,
            metavar=("W", "S", "E", "N"),
            nargs=4,
        ),
    )
    aoi: str | Path | None = dataclasses.field(
        default=None,
        metadata=_option(
            "a GeoJSON file with polygons, instead of a bounding box; the result has no data outside of them",
            check=checks.path,
            metavar="F.geojson",
        ),
    )
    engine: str = dataclasses.field(
        default="auto",
        metadata=_option(
            'library that computes; "auto" is the fastest that is installed',
            check=checks.one_of(*ENGINES),
            choices=ENGINES,
        ),
    )
    precision: str = dataclasses.field(
        default="auto",
        metadata=_option(
            'number format inside the network; "auto" is int8 where the model is trained for it and the processor '
            "computes with it, else bf16 where the hardware is faster in it; scaling and offsets stay in float32",
            check=checks.one_of(*PRECISIONS),
            choices=PRECISIONS,
        ),
    )
    ensemble: bool = dataclasses.field(
        default=False,
        metadata=_option(
            "average the results of eight orientations of the image: a little more accurate, eight times as long",
            check=checks.flag,
        ),
    )
    tile: int | None = dataclasses.field(
        default=None,
        metadata=_option(
            "LR pixels computed at once, along each axis, rounded up to whole blocks of the result; it does not change "
            "the result's pixels; by default 512, and 256 for several images",
            check=checks.whole(1, 2**20),
            parse=int,
            metavar="N",
        ),
    )
    threads: int | None = dataclasses.field(
        default=None,
        metadata=_option(
            f"CPU threads, 1 to {_MAX_THREADS}; by default all cores, or as many as a container's CPU quota is worth",
            check=checks.whole(1, _MAX_THREADS),
            parse=int,
            metavar="N",
        ),
    )
    compress: str = dataclasses.field(
        default="zstd",
        metadata=_option("compression of the result", check=checks.one_of(*COMPRESSIONS), choices=COMPRESSIONS),
    )
    dtype: str = dataclasses.field(
        default="auto",
        metadata=_option(
            'data type of the result: "auto" is that of the input, uint16 DN for floats; "float32" is reflectance, '
            "which needs no clipping, with NaN where there is no data, in a file about four times as large",
            check=checks.one_of(*DTYPES),
            choices=DTYPES,
        ),
    )
    blocksize: int | None = dataclasses.field(
        default=None,
        metadata=_option(
            f"side of the GeoTIFF's blocks in pixels, a multiple of {_BLOCK_UNIT_PX} up to {_MAX_BLOCK_PX}; by default "
            "256, and 512 in a Cloud Optimized GeoTIFF",
            check=checks.whole(_BLOCK_UNIT_PX, _MAX_BLOCK_PX, _BLOCK_UNIT_PX),
            parse=int,
            metavar="N",
        ),
    )
    cog: bool = dataclasses.field(
        default=False,
        metadata=_option(
            "write a Cloud Optimized GeoTIFF, with overviews; while it is made it takes twice the disk",
            check=checks.flag,
        ),
    )
    uncertainty: str | Path | None = dataclasses.field(
        default=None,
        metadata=_option(
            "another GeoTIFF to write, for a model with an uncertainty head: half the width of the interval that holds "
            "80 % of the truth, reflectance, as DN with a scale tag of 0.00001",
            check=checks.path,
            metavar="U.tif",
        ),
    )
    detail: float | None = dataclasses.field(
        default=None,
        metadata=_option(
            "how much plausible detail a GAN-trained model may add, from 0 (none) to 1 (all)",
            check=checks.number(0, 1, "a number from 0 to 1"),
            parse=float,
            metavar="0..1",
        ),
    )
    soften: bool = dataclasses.field(
        default=False,
        metadata=_option(
            "blur the image first, because its pixels were thinned out by nearest neighbour: models amplify their "
            "aliasing to a grid pattern",
            check=checks.flag,
        ),
    )
    offset: float | None = dataclasses.field(
        default=None,
        metadata=_option(
            "DN to add before scaling, instead of what the file's tags say; -1000 for untagged Sentinel-2 pixels since "
            "baseline 04.00",
            check=checks.number(expected="a number of DN, for example -1000"),
            parse=checks.number_or_auto,
            metavar="auto|N",
        ),
    )
    scale: float | None = dataclasses.field(
        default=None,
        metadata=_option(
            "reflectance of one DN, instead of the file's scale and offset tags: 0.0001, or 1/65535 for exports in "
            "which 65535 means 1",
            check=checks.number(0, 1, "the reflectance of one DN, in (0, 1]: 0.0001, or 1/65535"),
            parse=checks.fraction,
            metavar="N",
        ),
    )
    nodata: float | str | None = dataclasses.field(
        default=None,
        metadata=_option(
            "value without data in each band, instead of what the file declares; none if every pixel holds data",
            check=checks.number_or_none,
            parse=checks.parse_number_or_none,
            metavar="N|none",
        ),
    )
    band_names: Sequence[str] | None = dataclasses.field(
        default=None,
        metadata=_option(
            "names of the file's bands in the file's order, instead of its own descriptions: B02,B03,B04,B08, with - "
            "for a band that is not wanted",
            check=checks.names,
            parse=checks.split_names,
            metavar="B02,B03,...",
        ),
    )
    stack: bool = dataclasses.field(
        default=False,
        metadata=_option(
            "the images are the bands of one image, one file for each, named by their files' names or by band_names",
            check=checks.flag,
        ),
    )
    resume: bool = dataclasses.field(
        default=False,
        metadata=_option(
            "go on with what a stopped run of the same request left, if there is something", check=checks.flag
        ),
    )
    overwrite: bool = dataclasses.field(
        default=False,
        metadata=_option("replace an existing result, and what a stopped run left of it", check=checks.flag),
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, check = getattr(self, field.name), option_of(field).check
            if value is not field.default and check is not None:
                object.__setattr__(self, field.name, check(field.name, value))
        if self.bbox is not None and self.aoi is not None:
            raise InputError("Give a bounding box (bbox) or an area of interest (aoi), not both.")

    def replace(self, keywords: Mapping[str, object]) -> "PredictOptions":
        """Return these options with other values for some of them.

        Raises:
            InputError: a name that is no option, or a value that its option does not allow.
        """
        names = [field.name for field in dataclasses.fields(self)]
        for name in keywords:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"The options are {', '.join(names)}."
                raise InputError(f"There is no option {name!r}. {hint}")
        return dataclasses.replace(self, **keywords)  # type: ignore[arg-type]  # the checks see to the types

    def stated(self) -> Stated:
        """Return what these options state about the images."""
        names = None if self.band_names is None else tuple(self.band_names)
        return Stated(self.offset, self.scale, self.nodata, names)

    def changed(self) -> dict[str, object]:
        """Return the options that differ from their defaults, by name."""
        fields = dataclasses.fields(self)
        return {field.name: value for field in fields if (value := getattr(self, field.name)) != field.default}

    def arguments(self) -> list[str]:
        """Return the words of the command line that set these options."""
        words = []
        for name, value in self.changed().items():
            words.append(flag_of(name))
            if name == "band_names" and isinstance(value, tuple):
                words.append(",".join(value))
            elif isinstance(value, tuple):
                words += map(_word, value)
            elif value is not True:
                words.append(_word(value))
        return words

    def keywords(self) -> list[str]:
        """Return the keywords of `super_resolve`, as Python source, that set these options."""
        return [f"{name}={_source(value)}" for name, value in self.changed().items()]


def flag_of(name: str) -> str:
    """Return the command line's word for an option: --band-names for band_names."""
    return f"--{name.replace('_', '-')}"


def _word(value: object) -> str:
    """Return a value as a word of the command line; numbers without needless digits."""
    if isinstance(value, float):
        return short if float(short := f"{value:g}") == value else repr(value)
    return os.fspath(value) if isinstance(value, Path) else str(value)


def _source(value: object) -> str:
    """Return a value as Python source."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_source, value))}]"
    return _word(value) if isinstance(value, float) else repr(str(value) if isinstance(value, Path) else value)


def describe(field: "dataclasses.Field[Any]") -> str:
    """Return the help text of a field, with its default if that is more than an absence."""
    default = "" if field.default is None or field.default is False else f" (default: {field.default})"
    return f"{option_of(field).help}{default}"
