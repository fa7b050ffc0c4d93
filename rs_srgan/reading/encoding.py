"""The encoding of a raster: stated by the user, or from its own tags, its metadata, its data type, or its sensor."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import QUANTIFICATION, Encoding, FloatImage
from rs_srgan.reading.stated import NO_NODATA, Stated
from rs_srgan.sensors import SENTINEL2, Sensor

logger = logging.getLogger(__name__)

_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")
# The names of CF conventions, which xarray writes as items if nobody makes GDAL's tags of them.
_SCALE_ITEM, _OFFSET_ITEM, _NODATA_ITEMS = "SCALE_FACTOR", "ADD_OFFSET", ("_FILLVALUE", "MISSING_VALUE")
# Values that programs write where they have no data; no sensor measures them in all bands.
_FILL_VALUES = (-9999.0, -10000.0, -32768.0)  # the second: MAJA
# Medians of reflectance: floats in this range are reflectance already, and a scale tag is left over from DN.
_DARKEST_MEDIAN, _BRIGHTEST_MEDIAN = 0.003, 1.6
_LARGEST_DN_GAIN = 0.01
# Offsets below this, negative, are DN: reflectance never needs one.
_LEAST_OFFSET_DN = 10.0
# Items that GDAL and others copy from the metadata of a Sentinel-2 product. The first two hold DN.
_PRODUCT_OFFSETS, _BASELINE = ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"), "PROCESSING_BASELINE"
_FIRST_BASELINE_WITH_OFFSET, _OWN_SEN2COR = 4.0, 99.0

# Returns the medians of the values as stored, one for each band; NaN without any value.
Medians = Callable[[], FloatImage]


def require_dtype(name: str, *dtypes: str) -> None:
    """Check that a model can read pixels of these types.

    Args:
        name: name of the file in the error message.
        dtypes: numpy's name of each band's data type.

    Raises:
        InputError: there are several types, or an unsupported one.
    """
    if len(set(dtypes)) > 1 or not set(dtypes) <= set(_DTYPES):
        raise InputError(
            f"{name} holds {', '.join(sorted(set(dtypes)))}; expected uint16 DN or float reflectance. Convert it: "
            "gdal_translate -ot UInt16, or Float32."
        )


def find_encoding(
    name: str,
    dataset: DatasetReader,
    indexes: list[int],
    sensor: Sensor,
    stated: Stated,
    medians: Medians,
    masked: bool = False,
) -> Encoding:
    """Return how a file stores reflectance.

    What the user states comes first, then scale and offset tags, then `scale_factor` and `add_offset` in the metadata.
    Without them, floats are reflectance, 8-bit values are display values, and other integers are DN of the sensor.

    Args:
        name: name of the file in messages.
        dataset: the open file.
        indexes: indexes of the bands, from 1.
        sensor: the sensor, for integers without tags.
        stated: what the user states.
        medians: function that returns the medians of the stored values; called where tags alone do not decide.
        masked: whether a mask of the file marks its valid pixels.

    Raises:
        InputError: the tags make no reflectance, or an offset is given for reflectance.
    """
    dtype = dataset.dtypes[indexes[0] - 1]
    floats = dtype.startswith("float")
    gain, bias, tagged = _find_scaling(name, dataset, indexes, sensor, stated, medians)
    display = dtype == "uint8" and not tagged and stated.scale is None
    if display:
        gain = (1 / 255,) * len(indexes)
        logger.warning("%s is 8-bit: read as display values, value / 255. The result is no reflectance.", name)
    nodata = _find_nodata(dataset, indexes, sensor, stated)
    empty: tuple[float, ...] = ()
    if nodata is None and stated.nodata is None and not masked and not display and sensor.empty is not None:
        empty = tuple(each for each in (sensor.empty, *_FILL_VALUES) if floats or each >= np.iinfo(dtype).min)
    encoding = Encoding(dtype, gain, bias, nodata, tagged, empty)
    if stated.offset is None:
        return encoding
    if floats and all(value == 1 for value in gain):
        raise InputError(
            f"{name} holds floats, which are reflectance: an offset is for DN. Leave it out, or state the scale of "
            "the DN, too: --scale 0.0001."
        )
    return encoding.with_offset(stated.offset)


def _find_scaling(
    name: str, dataset: DatasetReader, indexes: list[int], sensor: Sensor, stated: Stated, medians: Medians
) -> tuple[tuple[float, ...], tuple[float, ...], bool]:
    """Return gain and bias of each band, and whether the result needs tags to state them."""
    bands = len(indexes)
    dtype = dataset.dtypes[indexes[0] - 1]
    floats = dtype.startswith("float")
    if stated.scale is not None:
        return (stated.scale,) * bands, (0.0,) * bands, True
    gain = tuple(dataset.scales[index - 1] for index in indexes)
    bias = tuple(dataset.offsets[index - 1] for index in indexes)
    if not all(map(math.isfinite, (*gain, *bias))) or any(np.float32(value) == 0 for value in gain):
        raise InputError(
            f"{name} has scale tags {gain} and offset tags {bias}, which make no reflectance of any DN; expected "
            "finite numbers and scales other than 0. Correct the tags, or state the scale: --scale 0.0001."
        )
    if any(value != 1 for value in gain) or any(value != 0 for value in bias):
        if floats and _left_over(gain, medians):
            logger.warning(
                "%s holds floats like reflectance, medians %s; its scale tag of %g is left over from DN and not used. "
                "To use it: --scale %g.",
                *(name, _numbers(medians()), gain[0], gain[0]),
            )
            return (1.0,) * bands, (0.0,) * bands, False
        return *_offset_in_dn(name, gain, bias, floats, sensor), True
    items = [_items(dataset, index) for index in indexes]
    scales, offsets = _item_numbers(items, _SCALE_ITEM), _item_numbers(items, _OFFSET_ITEM)
    if scales is not None and 0 not in scales and not (floats and _left_over(scales, medians)):
        logger.warning(
            "%s has no scale tags: read with scale_factor %g and add_offset %g of its metadata. To overrule them: "
            "--scale, --offset.",
            *(name, scales[0], (offsets or (0.0,))[0]),
        )
        return *_offset_in_dn(name, scales, offsets or (0.0,) * bands, floats, sensor), True
    if floats or dtype == "uint8":
        return gain, bias, False
    if sensor == SENTINEL2 and (listed := _listed_offsets(name, items)) is not None:
        return (sensor.gain,) * bands, tuple(offset * sensor.gain for offset in listed), True
    plain = (sensor.gain, sensor.bias) == (1 / QUANTIFICATION, 0)  # else the result must say so: readers assume this
    return (sensor.gain,) * bands, (sensor.bias,) * bands, not plain


def _offset_in_dn(
    name: str, gain: tuple[float, ...], bias: tuple[float, ...], floats: bool, sensor: Sensor
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return gain and bias; of an offset in DN, which as reflectance would be impossible, the bias that it means."""
    if floats or max(bias) > -_LEAST_OFFSET_DN or not (max(gain) <= _LARGEST_DN_GAIN or set(gain) == {1.0}):
        return gain, bias
    own = gain if max(gain) <= _LARGEST_DN_GAIN else (sensor.gain,) * len(gain)
    logger.warning(
        "%s has an offset of %g, which is impossible as reflectance: read as DN, reflectance = (DN %+g) * %g. To "
        "overrule it: --offset, --scale.",
        *(name, bias[0], bias[0], own[0]),
    )
    return own, tuple(each * scale for each, scale in zip(bias, own, strict=True))


def _listed_offsets(name: str, items: Sequence[Mapping[str, str]]) -> tuple[float, ...] | None:
    """Return the offset of each band, DN, if the metadata of a product were kept in the file; None if not.

    A processing baseline alone says that the product had offsets, not whether the pixels still have them.
    """
    for key in _PRODUCT_OFFSETS:
        if (listed := _item_numbers(items, key)) is not None:
            logger.warning(
                "%s states %s = %g in its metadata, which is used. To overrule it: --offset.", name, key, listed[0]
            )
            return listed
    baselines = _item_numbers(items, _BASELINE)
    if baselines is not None and _FIRST_BASELINE_WITH_OFFSET <= min(baselines) < _OWN_SEN2COR:
        logger.warning(
            "%s states baseline %05.2f, whose DN have the offset -1000, and no offset: read without one. If the pixels "
            "are those of the product: --offset -1000.",
            *(name, baselines[0]),
        )
    return None


def _left_over(gain: Sequence[float], medians: Medians) -> bool:
    """Return whether floats are reflectance without their scale: it would make them darker than any land."""
    if max(gain) > _LARGEST_DN_GAIN:
        return False
    return _DARKEST_MEDIAN <= float(np.nan_to_num(medians()).max(initial=0)) <= _BRIGHTEST_MEDIAN


def _find_nodata(dataset: DatasetReader, indexes: list[int], sensor: Sensor, stated: Stated) -> float | None:
    """Return the value without data: the user's, the file's, that of its metadata, or the sensor's for its own DN."""
    if stated.nodata is not None:
        return None if stated.nodata == NO_NODATA else float(stated.nodata)
    if dataset.nodata is not None:
        return float(dataset.nodata)
    for item in _NODATA_ITEMS:
        numbers = _item_numbers([_items(dataset, index) for index in indexes], item)
        if numbers is not None and len(set(numbers)) == 1:
            return numbers[0]
    untagged = all(dataset.scales[index - 1] == 1 and dataset.offsets[index - 1] == 0 for index in indexes)
    integers = dataset.dtypes[indexes[0] - 1] in ("uint16", "int16")
    return sensor.nodata if untagged and integers else None


def _items(dataset: DatasetReader, index: int) -> Mapping[str, str]:
    """Return the metadata items of a band by their names in capitals; those of the file where the band has none."""
    own, whole = dataset.tags(index), dataset.tags()
    return {key.upper(): value for key, value in (*whole.items(), *own.items())}


def _item_numbers(items: Sequence[Mapping[str, str]], name: str) -> tuple[float, ...] | None:
    """Return the finite numbers of an item, one for each band; None if a band has none."""
    try:
        numbers = tuple(float(each[name]) for each in items)
    except (KeyError, ValueError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _numbers(values: FloatImage) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
