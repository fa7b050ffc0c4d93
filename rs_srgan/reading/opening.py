"""Open a file or a product for a model: with the model's bands, in the model's order, as reflectance."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader

from rs_srgan.addresses import without_secrets
from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Encoding, FloatImage
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.arrays import bands_first, in_memory, npy_array
from rs_srgan.reading.bands import BY_DESCRIPTIONS, BY_ORDER, FoundBands, find_bands
from rs_srgan.reading.dates import date_in
from rs_srgan.reading.encoding import find_encoding, require_dtype
from rs_srgan.reading.formats import NPY_START, find_driver
from rs_srgan.reading.gdal import driver_of, open_dataset, refuse_huge_blocks, start_of, warn_of_sidecars
from rs_srgan.reading.paths import existing
from rs_srgan.reading.product_image import find_product_of, warn_of_lost_product
from rs_srgan.reading.proj import require_proj
from rs_srgan.reading.raster import Layer, Raster
from rs_srgan.reading.rights import rights_of_product
from rs_srgan.reading.safe import SafeProduct, is_product, open_product
from rs_srgan.reading.safe_files import read_ends
from rs_srgan.reading.stated import Stated
from rs_srgan.reading.virtual import VirtualFile, open_virtual
from rs_srgan.reading.zip_member import ZipMember, find_member
from rs_srgan.sensors import SENTINEL2, Sensor

logger = logging.getLogger(__name__)

# Medians that decide on a scale come from that many pixels along each axis, in the middle of the image.
_MEDIAN_PX = 256
BY_PRODUCT = "by the product"


@contextmanager
def open_raster(
    path: str | Path, band_names: tuple[str, ...], stated: Stated = Stated(), sensor: Sensor = SENTINEL2
) -> Iterator[Raster]:
    """Open a GeoTIFF, JP2, PNG or NPY file, or a Sentinel-2 product, for a model.

    The content of a file decides what it is, not its name. docs/inputs.md describes how bands, scaling and nodata are
    found.

    Args:
        path: a virtual file, or the path of a file, a .SAFE folder, a zip archive with one in it, an image in a zip
            archive, or a product's MTD_MSIL*.xml. An NPY file holds (C, H, W) or (H, W, C).
        band_names: names of the model's bands.
        stated: what the user states about the image, instead of what the file says.
        sensor: the sensor that took the image. Products are always Sentinel-2.

    Raises:
        InputError: the path does not exist, is no raster, or lacks a band of the model.
    """
    virtual = path if isinstance(path, VirtualFile) else None
    member = find_member(path)
    require_proj()
    with ExitStack() as stack:
        if member and member.name:
            raster = _open_file(Path(member.address), band_names, stated, sensor, stack, member)
        elif virtual and not member:  # only the name is used as a path
            raster = _open_file(Path(without_secrets(virtual)), band_names, stated, sensor, stack, virtual)
        elif is_product(path := member.archive if member else existing(path)):
            raster = _open_product(path, band_names, stated, sensor)
        else:
            raster = _open_file(path, band_names, stated, sensor, stack)
        stack.callback(raster.close)
        yield raster


def _open_product(path: Path, band_names: tuple[str, ...], stated: Stated, sensor: Sensor) -> Raster:
    if sensor != SENTINEL2:
        raise InputError(
            f"{path.name} can only be a Sentinel-2 product, and the sensor is {sensor.name}; expected a GeoTIFF, JP2, "
            "PNG or NPY file. Stack the bands into one GeoTIFF, or leave the sensor out."
        )
    if stated.band_names is not None:
        raise InputError(f"{path.name} is a product, which names its bands itself. Leave --band-names out.")
    product = open_product(path)
    images = product.image_paths(band_names)
    encoding = product.encoding(band_names, stated)
    with ExitStack() as opened:
        layers = []
        for image in images:
            dataset = product.open_image(image)
            opened.callback(dataset.close)
            layers.append(Layer(PurePosixPath(image).name, dataset, [1]))
        files = [path] if product.members else [Path(image) for image in images]
        taken = product.sensed.date() if product.sensed else date_in(path.name)
        raster = Raster(path.name, files, layers, band_names, encoding, band_names, BY_PRODUCT, True, taken)
        raster.rights |= rights_of_product(product.sensed)
        opened.pop_all()  # the raster closes them now
    return raster


def _open_file(
    path: Path,
    band_names: tuple[str, ...],
    stated: Stated,
    sensor: Sensor,
    stack: ExitStack,
    inside: ZipMember | VirtualFile | None = None,
) -> Raster:
    match inside:
        case ZipMember():
            dataset = open_dataset(
                inside.address, path.name, find_driver(path.name, *read_ends(inside.archive, inside.name))
            )
        case VirtualFile():
            dataset = open_virtual(inside)
        case None:
            dataset = _open_any_dataset(path, len(stated.band_names or band_names), stack)
    try:
        alone = sensor == SENTINEL2 and dataset.count == 1 and dataset.dtypes[0] == "uint16"
        product, band = _product_of(path, inside, stated) if alone else (None, "")
        if band_names == (band,):
            found = FoundBands([1], BY_PRODUCT, None)
        else:
            found = find_bands(path, dataset, band_names, sensor, stated.band_names)
        can_name = bool(inside) or not start_of(path).startswith(NPY_START)
        if found.source == BY_ORDER and can_name:
            order = ", ".join(band_names)
            logger.warning("%s names no band: read as %s. If that is not its order: --band-names.", path.name, order)
        layer = _open_layer(path, dataset, found)
        if len(dataset.subdatasets) > 1:
            logger.warning("%s has %d pages: the first is read.", path.name, len(dataset.subdatasets))
        if dataset.rpcs:
            logger.warning("%s is georeferenced by RPCs only, which the result does not keep.", path.name)
        if dataset.gcps[0] and not dataset.transform.is_identity:
            logger.warning("%s has control points beside a geotransform: the geotransform is used.", path.name)
        descriptions = _descriptions(dataset, found, band_names)
        encoding = product.encoding((band,), stated) if product else _encoding_of(layer, found.indexes, sensor, stated)
        if alone and not product and not encoding.tagged:
            warn_of_lost_product(path.name)
        files = (
            [inside.archive] if isinstance(inside, ZipMember) else [] if inside else [path]
        )  # with a size and a time
        taken = product.sensed.date() if product and product.sensed else date_in(path.name)
        raster = Raster(path.name, files, [layer], descriptions, encoding, band_names, found.source, taken=taken)
        if product:
            raster.rights |= rights_of_product(product.sensed)
    except BaseException:
        dataset.close()
        raise
    return raster


def _product_of(
    path: Path, inside: ZipMember | VirtualFile | None, stated: Stated
) -> tuple[SafeProduct, str] | tuple[None, str]:
    """Return the product in which a file of one band lies, and the band; None if the file lies in no product.

    Raises:
        InputError: the metadata cannot be read, and the user does not state what they should.
    """
    if isinstance(inside, VirtualFile) or (stated.offset is not None and stated.scale is not None):
        return None, ""
    try:
        return find_product_of(inside or path) or (None, "")
    except InputError as error:
        raise InputError(
            f"{path.name} is an image of a product whose metadata cannot be read: {error} Or state what they should: "
            "--scale 0.0001 --offset -1000."
        ) from None


def _open_layer(path: Path, dataset: DatasetReader, found: FoundBands) -> Layer:
    require_dtype(path.name, *(dataset.dtypes[index - 1] for index in found.indexes))
    flags = [set(dataset.mask_flag_enums[index - 1]) - {MaskFlags.all_valid} for index in found.indexes]
    masked = any(flag - {MaskFlags.nodata} and MaskFlags.alpha not in flag for flag in flags)
    refuse_huge_blocks(path.name, dataset)
    return Layer(path.name, dataset, found.indexes, masked, found.mask)


def _descriptions(dataset: DatasetReader, found: FoundBands, band_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the descriptions for the result: the file's own if they name the bands."""
    if found.source != BY_DESCRIPTIONS:
        return band_names
    pairs = zip(found.indexes, band_names, strict=True)
    return tuple(dataset.descriptions[index - 1] or name for index, name in pairs)


def _encoding_of(layer: Layer, indexes: list[int], sensor: Sensor, stated: Stated) -> Encoding:
    """Return how an open layer stores reflectance; its pixels are read only if its tags alone do not decide."""

    @cache
    def medians() -> FloatImage:
        height, width = layer.dataset.shape
        tall, wide = min(height, _MEDIAN_PX), min(width, _MEDIAN_PX)
        dn, mask = layer.read(Window((height - tall) // 2, (width - wide) // 2, tall, wide))
        held = np.isfinite(dn) & (dn != 0) & (dn != layer.dataset.nodata) & (True if mask is None else mask)
        found = [np.median(band[known]) if known.any() else np.nan for band, known in zip(dn, held, strict=True)]
        return np.array(found, np.float32)

    has_mask = layer.masked or layer.alpha is not None
    return find_encoding(layer.name, layer.dataset, indexes, sensor, stated, medians, has_mask)


def _open_any_dataset(path: Path, bands: int, stack: ExitStack) -> DatasetReader:
    """Open a file of any supported format as a dataset; an NPY file with `bands` bands is copied into memory."""
    if not path.is_file():
        raise InputError(f"{path} is no regular file; expected a GeoTIFF, JP2, PNG or NPY file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes); expected an image. Copy or download it again.")
    if start_of(path).startswith(NPY_START):
        array = bands_first(path, npy_array(path), bands)
        require_dtype(path.name, array.dtype.name)
        return in_memory(array, stack)
    dataset = open_dataset(str(path), path.name, driver_of(path))
    warn_of_sidecars(path, located=not dataset.transform.is_identity or bool(dataset.gcps[0]))
    return dataset
