"""The bands of a raster: which of them are a model's bands."""

from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.sensors import Sensor


def find_bands(name: str, dataset: DatasetReader, band_names: tuple[str, ...], sensor: Sensor) -> list[int]:
    """Return the indexes, from 1, of a model's bands in a file.

    Bands are found by their descriptions. A file without descriptions must have exactly the model's bands, in the
    model's order.

    Args:
        name: name of the file in error messages.
        dataset: the open file.
        band_names: names of the model's bands.
        sensor: the sensor whose band names and aliases the descriptions may use.

    Raises:
        InputError: a band is missing or described twice, or the number of bands without descriptions differs.
    """
    named = [sensor.band_named(description or "") for description in dataset.descriptions]
    wanted = f"{len(band_names)} bands ({', '.join(band_names)})"
    if any(named):
        return _find_described(name, named, band_names, wanted)
    indexes = [index for index, kind in enumerate(dataset.colorinterp, 1) if kind != ColorInterp.alpha]
    if len(indexes) != len(band_names):
        alpha = " and an alpha channel, which is not a band," if len(indexes) < dataset.count else ""
        raise InputError(
            f"Expected {wanted} but {name} has {len(indexes)}{alpha} without descriptions. "
            "Save exactly these bands in this order, or describe each band (rasterio's set_band_description); "
            "a near infrared band that the file marks as alpha needs a description."
        )
    return indexes


def _find_described(name: str, named: list[str | None], band_names: tuple[str, ...], wanted: str) -> list[int]:
    twice = [band for band in band_names if named.count(band) > 1]
    if twice:
        raise InputError(
            f"{name} has {named.count(twice[0])} bands described as {twice[0]}; expected one. Correct the descriptions."
        )
    missing = [band for band in band_names if band not in named]
    if missing:
        has = ", ".join(band or "unnamed" for band in named)
        raise InputError(
            f"Expected {wanted} but {name} has {has}: {', '.join(missing)} missing. "
            "Add the missing bands, or choose a model for these bands: rs-srgan models."
        )
    return [named.index(band) + 1 for band in band_names]


def find_alpha(dataset: DatasetReader, indexes: list[int]) -> int | None:
    """Return the index of the alpha band, from 1; None without one.

    A band in `indexes` is never the alpha band: some writers mark a fourth spectral band as alpha.
    """
    kinds = enumerate(dataset.colorinterp, 1)
    return next((index for index, kind in kinds if kind == ColorInterp.alpha and index not in indexes), None)
