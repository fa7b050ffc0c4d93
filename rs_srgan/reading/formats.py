"""File formats, found from a file's first and last bytes."""

from rs_srgan.errors import InputError

# Suffixes by which images are found in folders; the content decides the format.
SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")
# Only formats that contain their pixels. If GDAL chose the driver, a file could be a VRT that names other files or web
# addresses. Sources: TIFF 6.0 and BigTIFF; ISO 15444-1 (box and codestream); PNG.
_SIGNATURES = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\0\0\0\x0cjP  ": "JP2OpenJPEG",
    b"\xff\x4f\xff\x51": "JP2OpenJPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
}
# Formats that people give in place of an image: where their mark stands, what they are, and what to do. Sources: POSIX
# ustar; RFC 1952; the formats of 7-Zip, bzip2, xz, RAR, HDF5 and NetCDF.
_UNPACK = "Unpack it, and give the image or the folder of the product."
_CONVERT = "Convert it to GeoTIFF: gdal_translate."
_OTHERS = (
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"\x1f\x8b", "compressed by gzip", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (0, b"BZh", "compressed by bzip2", _UNPACK),
    (0, b"\xfd7zXZ", "compressed by xz", _UNPACK),
    (0, b"Rar!", "a RAR archive", _UNPACK),
    (0, b"\x89HDF", "an HDF5 or NetCDF file", _CONVERT),
    (0, b"CDF", "a NetCDF file", _CONVERT),
    (0, b"\xff\xd8\xff", "a JPEG, whose compression changes the pixels", "Give the image that it was made from."),
    (0, b"version https://git-lfs", "a pointer of Git LFS", "Fetch the image: git lfs pull."),
    (0, b"GIF8", "a GIF", "Give the image that it was made from."),
    (0, b"EHFA_HEADER_TAG", "an ERDAS Imagine file", _CONVERT),
    (0, b"ENVI", "an ENVI header", "Convert the image beside it to GeoTIFF: gdal_translate."),
    (0, b"<?xml", "an XML file", "Of a Sentinel-2 product, give the folder, MTD_MSIL1C.xml or MTD_MSIL2A.xml."),
    (0, b"<VRT", "a VRT, which names other files", _CONVERT),
    (0, b"<!DOCTYPE html", "a web page, perhaps of a failed download", "Download the image again."),
    (0, b"<html", "a web page, perhaps of a failed download", "Download the image again."),
)
START_BYTES, TAIL_BYTES = 264, 64
NPY_START = b"\x93NUMPY"
# A local file header, and the end of an empty archive. Source: PKWARE's .ZIP File Format Specification.
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


def is_zip(start: bytes) -> bool:
    """Return whether a file is a zip archive, by its first START_BYTES bytes."""
    return start.startswith(_ZIP_STARTS)


def find_driver(name: str, start: bytes, tail: bytes) -> str:
    """Return GDAL's driver for a file.

    Args:
        name: name of the file in error messages.
        start: the first START_BYTES bytes of the file.
        tail: the last TAIL_BYTES bytes of the file.

    Raises:
        InputError: the format is not supported, or the file is truncated.
    """
    driver = next((driver for signature, driver in _SIGNATURES.items() if start.startswith(signature)), None)
    if driver is None:
        for place, mark, what, remedy in _OTHERS:
            if start[place : place + len(mark)] == mark:
                raise InputError(f"{name} is {what}; expected a GeoTIFF, JP2, PNG or NPY file. {remedy}")
        raise InputError(f"{name} is no GeoTIFF, JP2, PNG or NPY file, whatever its name says. Convert it to GeoTIFF.")
    if driver == "JP2OpenJPEG" and not any(tail):
        # GDAL decodes it without an error. A complete JPEG 2000 file ends with its end marker or with text.
        raise InputError(f"{name} is truncated or corrupt: it ends in zeros. Copy or download it again.")
    return driver
