"""Block tables: the two arrays in a TIFF's first directory with the offset and the size of each block.

GDAL creates the files. This module makes it possible to append blocks to a file that GDAL left empty, so that a run can
be stopped at any moment and resumed. Source: TIFF 6.0, sections 2 and 15, and the BigTIFF design of libtiff.
"""

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Self

import numpy as np

_TILE_OFFSETS, _TILE_BYTE_COUNTS = 324, 325
_SHORT, _LONG, _LONG8 = 3, 4, 16
_DTYPES: dict[int, np.dtype[Any]] = {_SHORT: np.dtype("<u2"), _LONG: np.dtype("<u4"), _LONG8: np.dtype("<u8")}

Integers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class _Entry:
    """An entry of a directory, which describes an array of numbers."""

    position: int  # position of the entry in the file
    kind: int  # TIFF's number of the data type
    count: int  # length of the array
    values: int  # position of the array in the file: inside the entry if it fits


@dataclass
class BlockTable:
    """Offsets and sizes of the blocks of a tiled TIFF, row by row; 0 for a missing block.

    Attributes:
        offsets: distance of each block from the start of the file, bytes.
        sizes: compressed size of each block, bytes.
    """

    offsets: Integers
    sizes: Integers

    @classmethod
    def read(cls, file: BinaryIO) -> Self:
        """Read the table of an open little-endian file."""
        entries = _entries(file)
        return cls(_values(file, entries[_TILE_OFFSETS]), _values(file, entries[_TILE_BYTE_COUNTS]))

    @classmethod
    def reserve(cls, file: BinaryIO) -> Self:
        """Append an empty table to a file without blocks, with room for numbers of any size."""
        big, _ = _start(file)
        room = {True: "<u8", False: "<u4"}[big]
        empty = {}
        for tag, entry in _entries(file).items():
            kind = _LONG8 if big else _LONG
            position = file.seek(0, 2)
            empty[tag] = np.zeros(entry.count, room)
            inline = empty[tag].nbytes <= struct.calcsize(_offset(big))
            file.seek(entry.position)
            file.write(struct.pack("<HH" + _offset(big), tag, kind, entry.count))
            if not inline:
                file.write(struct.pack("<" + _offset(big), position))
                file.seek(position)
            write_all(file, empty[tag].tobytes())
        return cls(empty[_TILE_OFFSETS], empty[_TILE_BYTE_COUNTS])

    def write(self, file: BinaryIO) -> None:
        """Write the table to the place that `reserve` made."""
        entries = _entries(file)
        for tag, values in ((_TILE_OFFSETS, self.offsets), (_TILE_BYTE_COUNTS, self.sizes)):
            file.seek(entries[tag].values)
            write_all(file, values.tobytes())

    @property
    def end(self) -> int:
        """The end of the last block in the file, bytes."""
        return int((self.offsets + self.sizes).max())


def write_all(file: BinaryIO, content: bytes | memoryview) -> None:
    """Write all of `content` to an unbuffered file, which may accept less at a time.

    Raises:
        OSError: the disk is full.
    """
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _offset(big: bool) -> str:
    """Return the format of a position in the file, for struct."""
    return "Q" if big else "I"


def _start(file: BinaryIO) -> tuple[bool, int]:
    """Return whether the file is a BigTIFF, and the position of its first directory."""
    file.seek(0)
    head = file.read(16)
    if head[:4] == b"II+\0":
        return True, struct.unpack_from("<Q", head, 8)[0]
    if head[:4] == b"II*\0":
        return False, struct.unpack_from("<I", head, 4)[0]
    raise ValueError(f"The file begins with {head[:4]!r}; expected a little-endian TIFF.")


def _entries(file: BinaryIO) -> dict[int, _Entry]:
    """Return the entries of the two arrays by their tag."""
    big, start = _start(file)
    count_format, entry_format = ("<Q", "<HHQQ") if big else ("<H", "<HHII")
    file.seek(start)
    (count,) = struct.unpack(count_format, file.read(struct.calcsize(count_format)))
    size = struct.calcsize(entry_format)
    directory = file.read(count * size)
    first = start + struct.calcsize(count_format)
    found = {}
    for index in range(count):
        tag, kind, length, value = struct.unpack_from(entry_format, directory, index * size)
        if tag in (_TILE_OFFSETS, _TILE_BYTE_COUNTS):
            inside = first + (index + 1) * size - struct.calcsize(_offset(big))
            fits = length * _DTYPES[kind].itemsize <= struct.calcsize(_offset(big))
            found[tag] = _Entry(first + index * size, kind, length, inside if fits else value)
    return found


def _values(file: BinaryIO, entry: _Entry) -> Integers:
    file.seek(entry.values)
    values: Integers = np.frombuffer(file.read(entry.count * _DTYPES[entry.kind].itemsize), _DTYPES[entry.kind])
    return values.copy()
