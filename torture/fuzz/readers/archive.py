"""Zip archives: names, sizes, offsets, overlaps, methods, flags and extra fields of the directory.

The library reads the product in the archive, and the app checks and unpacks it. Source: PKWARE's .ZIP File Format
Specification.
"""

import zipfile
from pathlib import Path
from random import Random

from app.products.archive import unpack
from app.products.quicklook import list_contents
from rs_srgan.errors import InputError
from torture.fuzz.images import Images
from torture.fuzz.odd import INTEGERS, TEXTS, changed_bytes
from torture.fuzz.reader import Wrong
from torture.fuzz.readers.safe_xml import build_product

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
# Fields with their width: version, flags, method, time, checksum, sizes, lengths, attributes, offset.
_CENTRAL_FIELDS = (
    *((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2)),
    *((34, 2), (36, 2), (38, 4), (42, 4)),
)
_LOCAL_FIELDS = ((4, 2), (6, 2), (8, 2), (10, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2))
_END_FIELDS = ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2))
# Stored, shrunk, imploded, deflated, deflate64, bzip2, lzma, zstd, xz, AES.
_METHODS = (0, 1, 6, 8, 9, 12, 14, 93, 95, 99)
_NAMES = (
    *("../../x", "/x", "..\\x", "C:x", "a/../../x", "./", "//", "MTD_MSIL2A.xml", "x/MTD_MSIL2A.xml", "MTD_MSIL1C.xml"),
    *("\0", "x\0.jp2", "{", "}", "a" * 300, "é", "\\", " ", "nul", "__MACOSX/MTD_MSIL2A.xml"),
)


class _Archive(Images):
    def __init__(self, workspace: Path) -> None:
        super().__init__()
        product = build_product(workspace)
        self._members = {
            str(path.relative_to(workspace)): path.read_bytes() for path in sorted(product.rglob("*")) if path.is_file()
        }

    def write(self, random: Random, folder: Path) -> Path:
        (folder / "given").mkdir()
        path = folder / "given" / random.choice(("product.zip",) * 9 + ("product.bin",))
        self._pack(random, path)
        data = bytearray(path.read_bytes())
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            _break(random, data)
        path.write_bytes(changed_bytes(random, bytes(data), 1) if random.random() < 0.15 else bytes(data))
        return path

    def _pack(self, random: Random, path: Path) -> None:
        """Pack the product, sometimes with odd members, and each with its method."""
        method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
        members = list(self._members.items())
        if random.random() < 0.3:
            at = random.randrange(len(members))
            odd = random.choice((*_NAMES, *(name for name in TEXTS if name and "\ud800" not in name)))
            members[at : at + random.randrange(2)] = [(odd, members[at][1])]
        if random.random() < 0.05:
            members += [(f"x/{number}", b"") for number in range(3000)]
        if random.random() < 0.05:
            members.append((f"{members[0][0].split('/')[0]}/zeros.jp2", b"\0" * 3_000_000))
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.comment = b"PK\x05\x06" * 30 if random.random() < 0.03 else b""
            for name, content in members:
                info = zipfile.ZipInfo(name)
                info.compress_type = method
                if random.random() < 0.02:
                    info.external_attr = 0o120777 << 16
                archive.writestr(info, content)

    def read(self, path: Path) -> None:
        """Read the product in the archive, then check and unpack the archive as the app does.

        Raises:
            InputError: either refuses it.
            Wrong: a file outside of the folder, or as in `Images.read`.
        """
        refused = None
        try:
            super().read(path)
        except InputError as error:
            refused = error
        outside = set(path.parent.parent.rglob("*"))
        folder = path.parent / "unpacked"
        folder.mkdir(exist_ok=True)
        try:
            found = list_contents(path)
            unpack(path, folder, found.images | {found.metadata})
        finally:
            new = {each for each in path.parent.parent.rglob("*") if not each.is_relative_to(folder)} - outside
            if new:
                raise Wrong(f"unpacked outside of the folder: {sorted(new)[0].name!r}")
        if refused:
            raise refused


def _break(random: Random, data: bytearray) -> None:
    """Change a field of an entry, of a local header, or of the end; or make two entries one."""
    centrals, locals_ = _all(data, _CENTRAL), _all(data, _LOCAL)
    odd = random.choice((*INTEGERS, len(data)))
    change = random.randrange(9)
    if change <= 3 and centrals:
        at, (field, width) = random.choice(centrals), random.choice(_CENTRAL_FIELDS)
        value = random.choice(_METHODS) if field == 10 else odd
        _put(data, at + field, width, value)
    elif change == 4 and locals_:
        at, (field, width) = random.choice(locals_), random.choice(_LOCAL_FIELDS)
        _put(data, at + field, width, random.choice(_METHODS) if field == 8 else odd)
    elif change == 5:
        at, (field, width) = data.rfind(_END), random.choice(_END_FIELDS)
        _put(data, max(0, at) + field, width, odd)
    elif change == 6 and len(centrals) > 1:  # two entries of the same bytes
        one, other = random.sample(centrals, 2)
        data[one + 42 : one + 46] = data[other + 42 : other + 46]
    elif change == 7 and len(centrals) > 1:  # another name of the same length
        at = random.choice(centrals)
        length = int.from_bytes(data[at + 28 : at + 30], "little")
        name = random.choice((*_NAMES, "../" * 99)).encode("utf-8", "replace")
        data[at + 46 : at + 46 + length] = name[:length].ljust(length, b"/")
    elif random.random() < 0.5:
        del data[random.randrange(len(data)) :]
    else:
        data[0:0] = random.randbytes(random.choice((1, 100)))


def _all(data: bytearray, mark: bytes) -> list[int]:
    found: list[int] = []
    at = data.find(mark)
    while at >= 0 and len(found) < 4000:
        found.append(at)
        at = data.find(mark, at + 4)
    return found


def _put(data: bytearray, at: int, width: int, value: int) -> None:
    data[at : at + width] = (value & (256**width - 1)).to_bytes(width, "little")


def make_reader(workspace: Path) -> _Archive:
    """Return the reader."""
    return _Archive(workspace)
