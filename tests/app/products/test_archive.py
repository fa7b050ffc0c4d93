"""Archives of products, and archives that attack the server."""

import stat
import zipfile
from pathlib import Path

import pytest

from app.products import archive
from app.products.archive import checked_members, unpack
from rs_srgan import InputError

INSIDE = "X.SAFE/MTD_MSIL2A.xml"


def write_zip(path: Path, members: dict[str, bytes], **options) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("name", ["../x.xml", "a/../../x.xml", "/etc/x.xml", "C:/x.xml", "a\\..\\..\\x.xml", ""])
def test_names_that_point_out_of_the_archive_are_refused(tmp_path, name):
    path = write_zip(tmp_path / "slip.zip", {INSIDE: b"<x/>", name: b"<x/>"})
    folder = tmp_path / "here"
    folder.mkdir()
    with pytest.raises(InputError, match="points"):
        unpack(path, folder, {INSIDE, name})
    assert not list(folder.iterdir())


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("X.SAFE/a.xml")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="link"):
        checked_members(tmp_path / "link.zip")


def test_bombs_are_refused_by_their_ratio(tmp_path):
    path = write_zip(tmp_path / "bomb.zip", {"X.SAFE/a.jp2": bytes(20_000_000)})
    with pytest.raises(InputError, match="unpacks"):
        checked_members(path)


def test_too_many_members_are_refused(tmp_path):
    path = write_zip(tmp_path / "many.zip", {f"{number}.xml": b"" for number in range(archive.MAX_MEMBERS + 1)})
    with pytest.raises(InputError, match="2001"):
        checked_members(path)


def test_too_much_to_unpack_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    path = write_zip(tmp_path / "large.zip", {"a.xml": bytes(600), "b.xml": bytes(600)})
    with pytest.raises(InputError, match="unpacked"):
        checked_members(path)


def test_encrypted_members_are_refused(tmp_path):
    path = write_zip(tmp_path / "secret.zip", {INSIDE: b"<x/>"})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1  # APPNOTE 4.4.4, bit 0: encrypted
    path.write_bytes(content)
    with pytest.raises(InputError, match="encrypted"):
        checked_members(path)


def test_the_same_name_twice_is_refused(tmp_path):
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(INSIDE, "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr(INSIDE, "two")
    with pytest.raises(InputError, match="twice"):
        checked_members(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all", b"PK\x05\x06" + bytes(10)])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="complete"):
        checked_members(tmp_path / "a.zip")


def test_a_damaged_member_is_a_clear_error(tmp_path):
    path = write_zip(tmp_path / "cut.zip", {INSIDE: bytes(range(256)) * 50})
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        unpack(path, tmp_path, {INSIDE})


def test_only_wanted_members_are_unpacked(tmp_path):
    image = "X.SAFE/a.jp2"
    beside = {f"{image}{ending}": b"<x/>" for ending in (".aux.xml", ".ovr", ".msk", ".vrt")}
    others = {"X.SAFE/a.j2w": b"1", "X.SAFE/x.xml": b"<x/>", "X.SAFE/A.JP2": b"another", "X.SAFE/run.sh": b"rm"}
    path, folder = write_zip(tmp_path / "a.zip", {INSIDE: b"<x/>", image: b"pixels"} | beside | others), tmp_path / "h"
    folder.mkdir()
    unpack(path, folder, {INSIDE, image})
    assert {str(file.relative_to(folder)) for file in folder.rglob("*.*") if file.is_file()} == {INSIDE, image}
    assert (folder / image).read_bytes() == b"pixels"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_damage_in_any_compression_is_a_clear_error(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as file:
        file.writestr(INSIDE, bytes(range(256)) * 40)
    data = bytearray((tmp_path / "x.zip").read_bytes())
    start = 30 + len(INSIDE)  # behind the local header
    data[start : start + 12] = b"\xaa" * 12
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        unpack(tmp_path / "x.zip", tmp_path, {INSIDE})


def test_a_member_whose_place_is_outside_the_archive_is_a_clear_error(tmp_path):
    data = bytearray(write_zip(tmp_path / "x.zip", {"a": b"", INSIDE: b"<x/>"}).read_bytes())
    data[:1] = b""  # Python then takes all places to be one less, the first to be -1
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        unpack(tmp_path / "x.zip", tmp_path, {"a"})
