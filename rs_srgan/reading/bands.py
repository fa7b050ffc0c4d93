"""The bands of a raster: which of them are a model's bands, and where that is stated."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.sensors import Sensor
from rs_srgan.sensors.band_words import are_ordinals

BY_USER = "as stated by --band-names"
BY_DESCRIPTIONS = "by their descriptions"
BY_TAGS = "by the names in their metadata"
BY_COLOURS = "by colour interpretation"
BY_FILE_NAME = "by the file's name"
BY_ORDER = "not named in the file: order assumed"

# Metadata items of a band that hold its name if there is no description. Sources: CF conventions, STAC, ENVI headers.
_NAME_ITEMS = ("LONG_NAME", "STANDARD_NAME", "BAND_NAME", "BANDNAME", "BAND", "NAME", "COMMON_NAME")
_LONGEST_SHOWN, _MOST_SHOWN = 60, 15


@dataclass(frozen=True)
class FoundBands:
    """A model's bands in a file.

    Attributes:
        indexes: indexes of the bands, from 1, in the model's order.
        source: what named the bands, for people: one of the texts above.
        mask: index of a band that marks valid pixels, alpha or dataMask, from 1; None without one.
    """

    indexes: list[int]
    source: str
    mask: int | None


def find_bands(
    path: Path,
    dataset: DatasetReader,
    band_names: tuple[str, ...],
    sensor: Sensor,
    stated: Sequence[str] | None = None,
) -> FoundBands:
    """Find a model's bands in a file.

    The first of these decides that says something: the names that the user states, the descriptions, the names in the
    bands' metadata, and the colour interpretation. A file that says nothing must have exactly the model's bands, in the
    model's order.

    Args:
        path: path of the file, whose name names a single band.
        dataset: the open file.
        band_names: names of the model's bands.
        sensor: the sensor whose band names and other words for them the file may use.
        stated: names of the file's bands in the file's order, from the user; None to use the file's own.

    Raises:
        InputError: a band is missing, named twice, or not understood; or names and bands differ in number.
    """
    if stated is not None:
        return _find_stated(path.name, dataset, band_names, sensor, stated)
    for words, source in ((list(dataset.descriptions), BY_DESCRIPTIONS), (_tagged_names(dataset), BY_TAGS)):
        names = [word or "" for word in words]
        mask = _data_mask(names)
        bare = [name for place, name in enumerate(names, 1) if place != mask]
        if not are_ordinals(bare):
            indexes = _pick(path.name, names, band_names, sensor)
            return FoundBands(indexes, source, mask or find_alpha(dataset, indexes))
    mask = _data_mask([description or "" for description in dataset.descriptions])
    kinds = ["" if place == mask else kind.name for place, kind in enumerate(dataset.colorinterp, 1)]
    coloured = _find_coloured(kinds, band_names, sensor, mask)
    if coloured is not None:
        return FoundBands(coloured, BY_COLOURS, mask or find_alpha(dataset, coloured))
    if dataset.count == 1 and band_names == tuple(filter(None, sensor.bands_named([path.stem]))):
        return FoundBands([1], BY_FILE_NAME, None)
    return _assume_order(path, dataset, band_names, sensor, mask)


def _find_stated(
    name: str, dataset: DatasetReader, band_names: tuple[str, ...], sensor: Sensor, stated: Sequence[str]
) -> FoundBands:
    if len(stated) != dataset.count:
        raise InputError(
            f"{name} has {dataset.count} bands, and --band-names states {len(stated)} ({', '.join(stated)}); expected "
            "one name for each band, in the file's order, - for a band that is not wanted."
        )
    indexes = _pick(name, stated, band_names, sensor)
    return FoundBands(indexes, BY_USER, _data_mask(stated) or find_alpha(dataset, indexes))


def _pick(name: str, names: Sequence[str], band_names: tuple[str, ...], sensor: Sensor) -> list[int]:
    """Return the indexes of a model's bands in a file, from 1, by the names of the file's bands."""
    if len(names) == 1 < len(band_names):
        raise _one_band(name, sensor.band_named(names[0]), band_names)
    option = f"state the names in the file's order: --band-names {_example(len(names), band_names)}"
    return [place + 1 for place in pick_bands(name, names, band_names, sensor, option)]


def pick_bands(
    image: str, names: Sequence[str], band_names: tuple[str, ...], sensor: Sensor, renaming: str
) -> list[int]:
    """Return the positions of a model's bands, from 0, by the names of an image's bands.

    Args:
        image: what messages call the image.
        names: name of every band of the image.
        band_names: names of the model's bands.
        sensor: the sensor whose band names and other words for them the image may use.
        renaming: how to give the bands other names, for messages.

    Raises:
        InputError: a band is missing, named twice, or not understood.
    """
    exact = [_plain(each) for each in names]
    own = not set(band_names) <= set(sensor.band_names)  # a model may name its bands as another instrument does
    if own and all(exact.count(_plain(band)) == 1 for band in band_names):
        return [exact.index(_plain(band)) for band in band_names]
    named = sensor.bands_named(names)
    wanted = [band if band in sensor.band_names else sensor.band_named(band) or band for band in band_names]
    twice = [band for band in wanted if named.count(band) > 1]
    if twice:
        places = [each for each, band in zip(names, named, strict=True) if band == twice[0]]
        raise InputError(
            f"Expected one band described as {twice[0]} but {image} has {len(places)}: {_shown(places)}. Correct the "
            f"descriptions, or {renaming}."
        )
    missing = [own for own, band in zip(band_names, wanted, strict=True) if band not in named]
    if missing:
        has = _shown([band or each for each, band in zip(names, named, strict=True)], quoted=not any(named))
        raise InputError(
            f"Expected {len(band_names)} bands ({', '.join(band_names)}) but {image} has {has}: {', '.join(missing)} "
            f"missing. Add the missing bands, choose a model for these bands (rs-srgan models), or {renaming}."
        )
    return [named.index(band) for band in wanted]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).upper()


def _example(count: int, band_names: tuple[str, ...]) -> str:
    """Return names that fit a file of `count` bands, as an example of the option."""
    return ",".join([*sorted(band_names), *["-"] * (count - len(band_names))][:count])


def _shown(names: Sequence[str], quoted: bool = True) -> str:
    """Return names for an error message: short, and not too many."""
    short = [" ".join(name.split()) for name in names]
    short = [f"{name[:_LONGEST_SHOWN]}..." if len(name) > _LONGEST_SHOWN else name for name in short]
    shown = [(f"'{name}'" if quoted else name) if name else "unnamed" for name in short]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return ", ".join(shown[:_MOST_SHOWN]) + more


def _tagged_names(dataset: DatasetReader) -> list[str]:
    """Return a name for each band from its metadata items, empty where there is none."""
    names = []
    for index in dataset.indexes:
        items = {key.upper(): value for key, value in dataset.tags(index).items()}
        names.append(next((items[key] for key in _NAME_ITEMS if items.get(key)), ""))
    return names


def _data_mask(names: Sequence[str]) -> int | None:
    """Return the index of a band that marks valid pixels by its name, from 1. Source: Sentinel Hub's dataMask."""
    return next((place for place, name in enumerate(names, 1) if _plain(name) in ("DATAMASK", "VALIDMASK")), None)


def _find_coloured(
    kinds: Sequence[str], band_names: tuple[str, ...], sensor: Sensor, mask: int | None
) -> list[int] | None:
    """Return the indexes of a model's bands by colour interpretation; None if that does not find all of them.

    One band that remains is found by elimination: GDAL had no near infrared before version 3.10.
    """
    if any(kinds.count(colour) != 1 for colour in ("red", "green", "blue")):
        return None
    colours = [kind if kind in ("red", "green", "blue", "nir", "coastal") else "" for kind in kinds]
    named = sensor.bands_named(colours)
    wanted = [band if band in sensor.band_names else sensor.band_named(band) for band in band_names]
    if not set(wanted) & set(sensor.bands_named(["red", "green", "blue"])):
        return None  # a programme's display colours of other bands
    rest = [place for place, band in enumerate(named) if band is None and kinds[place] != "alpha" and place + 1 != mask]
    missing = [band for band in wanted if band not in named]
    if len(missing) == len(rest) == 1:
        named[rest[0]] = missing[0]
    return [named.index(band) + 1 for band in wanted] if set(wanted) <= set(named) else None


def _assume_order(
    path: Path, dataset: DatasetReader, band_names: tuple[str, ...], sensor: Sensor, mask: int | None
) -> FoundBands:
    indexes = [
        index for index, kind in enumerate(dataset.colorinterp, 1) if kind != ColorInterp.alpha and index != mask
    ]
    if len(indexes) == len(band_names):
        return FoundBands(indexes, BY_ORDER, mask or find_alpha(dataset, indexes))
    wanted = f"{len(band_names)} bands ({', '.join(band_names)})"
    if len(dataset.subdatasets) > 1:
        raise InputError(
            f"Expected {wanted} but {path.name} has {len(dataset.subdatasets)} pages; expected one image with "
            "all bands. Write each page as a file (gdal_translate -sds), then give all with --stack."
        )
    if dataset.colorinterp[0] == ColorInterp.palette:
        raise InputError(
            f"Expected {wanted} but {path.name} has one, of numbers of colours in a palette. Write the colours: "
            "gdal_translate -expand rgb."
        )
    if dataset.count == 1:
        raise _one_band(path.name, sensor.band_named(path.stem), band_names)
    alpha = " and an alpha channel, which is not a band," if len(indexes) < dataset.count and mask is None else ""
    raise InputError(
        f"Expected {wanted} but {path.name} has {len(indexes)}{alpha} without descriptions. "
        f"State the names in the file's order: --band-names {_example(dataset.count, band_names)}. Or save exactly "
        "these bands in this order, or describe each band (rasterio's set_band_description)."
    )


def _one_band(name: str, band: str | None, band_names: tuple[str, ...]) -> InputError:
    """Return the error for a file with one band, where a model needs more or another one."""
    return InputError(
        f"Expected {len(band_names)} bands ({', '.join(band_names)}) but {name} has one{f', {band}' if band else ''}. "
        "To read one file for each band, give all of them with --stack; of a Sentinel-2 product give the folder or the "
        "archive. Of several dates, stack the files of each date, then give the stacks: rio stack."
    )


def find_alpha(dataset: DatasetReader, indexes: list[int]) -> int | None:
    """Return the index of the alpha band, from 1; None without one.

    A band in `indexes` is never the alpha band: some writers mark a fourth spectral band as alpha.
    """
    kinds = enumerate(dataset.colorinterp, 1)
    return next((index for index, kind in kinds if kind == ColorInterp.alpha and index not in indexes), None)
