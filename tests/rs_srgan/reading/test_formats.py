import tarfile

import pytest

from rs_srgan import InputError
from rs_srgan.reading.formats import find_driver
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all


def test_a_jp2_that_ends_in_zeros_is_refused(write_tif):
    path = write_tif(scene_dn(300, 300), "s.jp2", driver="JP2OpenJPEG", quality=100, reversible=True)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    with pytest.raises(InputError, match="zeros"):
        read_all(path)


@pytest.mark.parametrize(
    ("start", "driver"),
    [
        (b"II*\0\x08\0\0\0", "GTiff"),
        (b"MM\0+\0\x08\0\0", "GTiff"),
        (b"\0\0\0\x0cjP  ", "JP2OpenJPEG"),
        (b"\xff\x4f\xff\x51\0\0\0\0", "JP2OpenJPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
    ],
)
def test_the_first_bytes_choose_the_driver(start, driver):
    assert find_driver("a.tif", start, b"end") == driver


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_archives_are_named_with_the_remedy(write_tif, tmp_path, mode):
    with tarfile.open(tmp_path / "p.tif.tar", mode) as archive:
        archive.add(write_tif(scene_dn(8, 8)))
    with pytest.raises(InputError, match="Unpack"):
        read_all(tmp_path / "p.tif.tar")


@pytest.mark.parametrize(
    "start",
    [
        b"version https://git-lfs.github.com/spec/v1",
        b"GIF89a",
        b"EHFA_HEADER_TAG",
        b"ENVI",
        b"",
        b"<VRTData",
        b"<!DOCTYPE html>",
        b"\x89HDF\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b'{"type":',
        b"HDF\r\n",
    ],
)
def test_other_formats_are_refused(start):
    with pytest.raises(InputError, match="NPY"):
        find_driver("a.tif", start, b"end")
