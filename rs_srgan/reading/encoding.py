"""The encoding of a raster: from its own tags, its data type, or its sensor."""

import logging
import math

import numpy as np
from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import QUANTIFICATION, Encoding
from rs_srgan.sensors import Sensor

logger = logging.getLogger(__name__)

_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")


def require_dtype(name: str, *dtypes: str) -> None:
    """Check that a model can read pixels of these types.

    Args:
        name: name of the file in the error message.
        dtypes: numpy's name of each band's data type.

    Raises:
        InputError: there are several types, or an unsupported one.
    """
    if len(set(dtypes)) > 1 or not set(dtypes) <= set(_DTYPES):
        raise InputError(f"{name} holds {', '.join(sorted(set(dtypes)))}; expected uint16 DN or float reflectance.")


def checked_offset(offset: float) -> float:
    """Return an offset as a plain finite float, which JSON can hold.

    Raises:
        InputError: `offset` is no finite number.
    """
    try:
        plain = float(offset)
    except (TypeError, ValueError):
        plain = math.nan
    if not math.isfinite(plain):
        raise InputError(f"The offset is {offset}; expected a number of DN, for example -1000.")
    return plain


def find_encoding(
    name: str, dataset: DatasetReader, indexes: list[int], sensor: Sensor, offset: float | None
) -> Encoding:
    """Return how a file stores reflectance.

    Scale and offset tags come first. Without tags, floats are reflectance, 8-bit values are display values, and other
    integers are DN of the sensor.

    Args:
        name: name of the file in messages.
        dataset: the open file.
        indexes: indexes of the bands, from 1.
        sensor: the sensor, for integers without tags.
        offset: DN to add before scaling, instead of the tags' or the sensor's offset; None to keep that.

    Raises:
        InputError: the data type or the tags make no reflectance, or an offset is given for floats.
    """
    dtypes = [dataset.dtypes[index - 1] for index in indexes]
    require_dtype(name, *dtypes)
    dtype = dtypes[0]
    gain = tuple(dataset.scales[index - 1] for index in indexes)
    bias = tuple(dataset.offsets[index - 1] for index in indexes)
    if not all(map(math.isfinite, (*gain, *bias))) or any(np.float32(value) == 0 for value in gain):
        raise InputError(
            f"{name} has scale tags {gain} and offset tags {bias}, which make no reflectance of any DN; expected "
            "finite numbers and scales other than 0. Correct the tags."
        )
    nodata = dataset.nodata
    tagged = any(value != 1 for value in gain) or any(value != 0 for value in bias)
    if not tagged and dtype == "uint8":
        gain = (1 / 255,) * len(indexes)
        logger.warning("%s is 8-bit: read as display values, value / 255. The result is no reflectance.", name)
    elif not tagged and not dtype.startswith("float"):
        gain, bias = (sensor.gain,) * len(indexes), (sensor.bias,) * len(indexes)
        nodata = sensor.nodata if nodata is None else nodata
        tagged = (sensor.gain, sensor.bias) != (1 / QUANTIFICATION, 0)  # the result must say so: readers assume this
    if offset is not None and dtype.startswith("float"):
        raise InputError(f"{name} holds floats, which are reflectance: an offset is for DN. Leave it out.")
    encoding = Encoding(dtype, gain, bias, nodata, tagged)
    return encoding if offset is None else encoding.with_offset(offset)
