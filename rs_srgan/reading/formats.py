"""Which format a file has, and whether it was cut off, by its first and last bytes."""

from rs_srgan.errors import InputError

# Formats that hold pixels themselves: a VRT or a web address would let a file name other files.
# So the first bytes choose the driver, not GDAL. Sources: TIFF 6.0 and BigTIFF; ISO 15444-1 (box and codestream); PNG.
_SIGNATURES = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\0\0\0\x0cjP  ": "JP2OpenJPEG",
    b"\xff\x4f\xff\x51": "JP2OpenJPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
}
START_BYTES, TAIL_BYTES = 8, 64


def find_driver(name: str, start: bytes, tail: bytes) -> str:
    """GDAL's driver for a file that begins and ends with these bytes, START_BYTES and TAIL_BYTES of them.

    Raises:
        InputError: none of the formats, or a file that was cut off.
    """
    driver = next((driver for signature, driver in _SIGNATURES.items() if start.startswith(signature)), None)
    if driver is None:
        raise InputError(f"{name} is no GeoTIFF, JP2, PNG or NPY file.")
    if driver == "JP2OpenJPEG" and not any(tail):
        # GDAL decodes it without an error; a whole JPEG 2000 file ends in its end-of-codestream marker or in text
        raise InputError(f"{name} is truncated or corrupt: it ends in zeros. Copy or download it again.")
    return driver
