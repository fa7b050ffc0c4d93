import re
import zipfile

import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.reading.safe import is_product, open_product
from rs_srgan.reading.safe_files import find_files, holds_product
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all
from tests.safe_builder import build_safe, zip_safe

RGBN_10M = {(band, 10): scene_dn(40, 50)[index] for index, band in enumerate(RGBN)}


@pytest.mark.parametrize("name", ["a.zip", "{a}.zip", "a{.zip", "}a.zip", "a b.ZIP"])
@pytest.mark.parametrize("prefix", ["", "./", "x{.SAFE/", "./x.SAFE/"])
def test_an_archive_is_read_with_any_name_and_folder(tmp_path, name, prefix):
    dn = scene_dn(20, 30)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for path in safe.rglob("*.*"):
            archive.writestr(f"{prefix}{path.relative_to(safe).as_posix()}", path.read_bytes())
    np.testing.assert_allclose(read_all(tmp_path / name)[0], (dn.astype(np.float32) - 1000) / 10_000, atol=1e-6)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_band_with_a_wrong_checksum_is_named(tmp_path, compression):
    """Flip a byte in the middle, which would change pixels without an error of the decoder."""
    safe = build_safe(tmp_path, {(band, 10): scene_dn(200, 200)[index] for index, band in enumerate(RGBN)})
    with zipfile.ZipFile(tmp_path / "a.zip", "w", compression) as archive:
        for path in safe.rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path))
        (info,) = (info for info in archive.infolist() if info.filename.endswith("_B03_10m.jp2"))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[info.header_offset + info.compress_size // 2] ^= 0x55
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="damaged") as caught:
        read_all(tmp_path / "a.zip")
    assert "_B03_10m.jp2 in a.zip" in str(caught.value) and "GRANULE" not in str(caught.value)


def test_an_archive_without_a_product_is_refused(tmp_path):
    empty = tmp_path / "empty.zip"
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(InputError, match=r"\b0\b"):
        open_product(empty)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(InputError, match="archive"):
        open_product(broken)
    cut = zip_safe(build_safe(tmp_path, RGBN_10M))
    cut.write_bytes(cut.read_bytes()[:-200])
    with pytest.raises(InputError, match="archive"):
        open_product(cut)


@pytest.mark.parametrize(
    ("names", "remedy"),
    [(("a/one.tif", "a.txt"), "a/one.tif"), (("a.npy", "b.npy"), "numpy.save"), (("a.txt",), "Check")],
)
def test_an_archive_of_other_things_is_refused_with_the_remedy(tmp_path, names, remedy):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"1")
    with pytest.raises(InputError, match=remedy):
        find_files(tmp_path / "a.zip")


@pytest.mark.parametrize(("name", "remedy"), [(".zgroup", "Zarr"), ("zarr.json", "Zarr"), ("x_B02.tif", "--stack")])
def test_a_folder_of_other_things_is_refused_with_the_remedy(tmp_path, name, remedy):
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=remedy):
        find_files(tmp_path)


def in_every_central_header(archive, old, new):
    """Change the flags and the compression method, bytes 8 to 11, of every member."""
    content = archive.read_bytes()
    changed = re.sub(rb"(PK\x01\x02.{4})" + old, rb"\1" + new, content, flags=re.DOTALL)
    assert changed != content
    archive.write_bytes(changed)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"\0\0\x08\0", b"\0\0\x09\0", "supported"),  # deflate64
        (b"\0\0\x08\0", b"\x01\0\x08\0", "encrypted"),
    ],
)
def test_an_archive_that_python_cannot_unpack_is_refused(tmp_path, old, new, words):
    archive = zip_safe(build_safe(tmp_path, RGBN_10M))
    in_every_central_header(archive, old, new)
    with pytest.raises(InputError, match=words):
        open_product(archive)


def test_damaged_metadata_in_an_archive_are_refused(tmp_path):
    archive = zip_safe(build_safe(tmp_path, RGBN_10M))
    with zipfile.ZipFile(archive) as opened:
        info = next(info for info in opened.infolist() if info.filename.endswith(".xml"))
    content = bytearray(archive.read_bytes())
    start = info.header_offset + 30 + len(info.filename.encode())
    content[start : start + 20] = b"\xff" * 20
    archive.write_bytes(content)
    with pytest.raises(InputError, match="archive"):
        open_product(archive)


def test_a_folder_without_metadata_is_refused(tmp_path):
    with pytest.raises(InputError, match="MTD_MSIL2A"):
        open_product(tmp_path)


def test_a_folder_with_a_product_and_other_images_is_refused(tmp_path):
    """Nobody knows which of them is meant."""
    (tmp_path / "X.SAFE").mkdir()
    (tmp_path / "X.SAFE" / "MTD_MSIL2A.xml").write_text("<a/>")
    assert find_files(tmp_path).metadata == "MTD_MSIL2A.xml"
    (tmp_path / "scene.tif").write_text("x")
    with pytest.raises(InputError, match=r"scene\.tif"):
        find_files(tmp_path)


@pytest.mark.parametrize("name", ["download", "a.zip.part", "S2B_MSIL2A.SAFE.ZIP", "product.bin"])
@pytest.mark.parametrize("separator", ["/", "\\"])
def test_the_content_of_an_archive_decides_not_its_name(tmp_path, name, separator):
    dn = scene_dn(20, 30)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for path in safe.rglob("*.*"):
            info = zipfile.ZipInfo(path.relative_to(tmp_path).as_posix().replace("/", separator))
            archive.writestr(info, path.read_bytes())
    assert holds_product(tmp_path / name)
    np.testing.assert_allclose(read_all(tmp_path / name)[0], (dn.astype(np.float32) - 1000) / 10_000, atol=1e-6)


def test_a_product_is_found_by_any_of_its_own_files_and_folders(tmp_path):
    safe = build_safe(tmp_path / "outer", RGBN_10M)
    (safe / "manifest.safe").write_text("<xfdu/>")
    renamed = safe / "metadata.xml"
    renamed.write_bytes((safe / "MTD_MSIL2A.xml").read_bytes())
    bare = safe.rename(safe.with_suffix(""))
    for path in (bare, bare / "MTD_MSIL2A.xml", bare / "manifest.safe", bare / renamed.name, tmp_path / "outer"):
        assert is_product(path)
        assert open_product(path).tile == "T33TWL"
    assert holds_product(bare) and not holds_product(tmp_path / "outer")


def test_a_folder_inside_a_product_leads_to_the_product(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    (images,) = safe.rglob("R10m")
    for folder in (images, images.parent, images.parents[1], images.parents[2]):
        with pytest.raises(InputError, match=safe.name):
            open_product(folder)


def test_the_notes_of_macos_in_an_archive_are_no_product(tmp_path):
    archive = zip_safe(safe := build_safe(tmp_path, RGBN_10M))
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(f"__MACOSX/{safe.name}/MTD_MSIL2A.xml", b"\0\5\x16\7")
    assert open_product(archive).tile == "T33TWL"


def test_a_folder_of_several_products_is_refused_with_their_names(tmp_path):
    first = build_safe(tmp_path, RGBN_10M)
    second = build_safe(tmp_path, RGBN_10M, level="L1C")
    with pytest.raises(InputError, match=first.name) as caught:
        open_product(tmp_path)
    assert second.name in str(caught.value)


def test_a_folder_that_cannot_be_read_is_no_product(tmp_path, monkeypatch):
    """As lost+found for anybody but root, who runs some tests and may read everything."""

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    assert not holds_product(tmp_path)


def test_other_files_are_no_products(tmp_path, write_tif):
    (tmp_path / "a.xml").write_text("<Level-3_User_Product/>")
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04")
    assert not is_product(tmp_path / "a.xml") and not is_product(write_tif(scene_dn(8, 8)))
    assert not holds_product(tmp_path / "b.zip") and not holds_product(tmp_path / "a.xml")
