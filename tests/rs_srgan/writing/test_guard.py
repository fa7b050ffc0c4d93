import os
import shutil
import subprocess

import pytest

from rs_srgan import InputError
from rs_srgan.writing.guard import require_distinct, require_unread


@pytest.fixture
def product(tmp_path):
    """A product whose second band lies elsewhere, behind a link."""
    bands = tmp_path / "X.SAFE" / "GRANULE" / "R10m"
    bands.mkdir(parents=True)
    (tmp_path / "X.SAFE" / "MTD_MSIL2A.xml").write_text("x")
    (bands / "B04.tif").write_text("x")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "B08.tif").write_text("x")
    (bands / "B08.tif").symlink_to(tmp_path / "store" / "B08.tif")
    (bands / "loop").symlink_to(tmp_path / "X.SAFE")
    return tmp_path / "X.SAFE"


@pytest.mark.parametrize("source", ["X.SAFE", "X.SAFE/", "X.SAFE/MTD_MSIL2A.xml", "."])
@pytest.mark.parametrize(
    "target", ["X.SAFE/GRANULE/R10m/B04.tif", "X.SAFE/GRANULE/../GRANULE/R10m/B04.tif", "store/B08.tif", "link.tif"]
)
def test_no_file_of_a_product_may_be_an_output(product, tmp_path, monkeypatch, source, target):
    monkeypatch.chdir(tmp_path)
    os.link(product / "GRANULE" / "R10m" / "B04.tif", tmp_path / "link.tif")
    with pytest.raises(InputError, match="input"):
        require_unread([tmp_path / "new.tif", target], ["elsewhere.tif", source])


def test_a_new_file_may_be_put_into_a_product(product):
    require_unread([product / "new.tif", product / "GRANULE" / "R10m" / "new.tif"], [product])


def test_what_a_stopped_run_left_in_a_product_is_no_input(product):
    (product / "new.tif.partial").write_text("x")
    require_unread([product / "new.tif.partial"], [product])
    with pytest.raises(InputError, match="input"):
        require_unread([product / "new.tif.partial"], [product / "new.tif.partial"])


def test_an_existing_file_that_is_not_read_may_be_replaced(product, tmp_path):
    (tmp_path / "old.tif").write_text("x")
    require_unread([tmp_path / "old.tif"], [product, tmp_path / "missing.tif", "a\0b"])


@pytest.mark.parametrize("second", ["out.tif", "OUT.tif", "Out.TIF", "sub/../out.tif"])
def test_names_that_a_file_system_may_take_for_the_same_are_refused(tmp_path, second):
    (tmp_path / "sub").mkdir()
    with pytest.raises(InputError, match="same"):
        require_distinct([tmp_path / "out.tif", tmp_path / second])


def test_accents_in_two_encodings_are_the_same_name(tmp_path):
    with pytest.raises(InputError, match="same"):
        require_distinct([tmp_path / "caf\u00e9.tif", tmp_path / "cafe\u0301.tif"])


def test_equal_names_in_two_folders_are_two_files(tmp_path):
    require_distinct([tmp_path / "a" / "out.tif", tmp_path / "b" / "out.tif"])


@pytest.mark.parametrize(
    "name", ["/vsizip/{}/p.zip/X/B04.tif", "/vsizip/{{{}/p.zip}}/X/B04.tif", "/vsigzip//vsizip/{}/p.zip"]
)
def test_an_archive_that_gdal_reads_is_an_input(tmp_path, name):
    (tmp_path / "p.zip").write_text("x")
    os.link(tmp_path / "p.zip", tmp_path / "out.tif")
    with pytest.raises(InputError, match="input"):
        require_unread([tmp_path / "out.tif"], [name.format(tmp_path)])
    require_unread([tmp_path / "out.tif"], ["/vsimem/a.tif", "/vsicurl/https://example.org/p.zip"])


@pytest.mark.parametrize("name", ["/vsizip/p.zip/X/B04.tif", "/vsisubfile/0_100,/{}/p.zip", "/vsitar/vsigzip/p.zip/a"])
def test_an_archive_is_found_by_a_relative_name_too(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.zip").write_text("x")
    with pytest.raises(InputError, match="input"):
        require_unread(["p.zip"], [name.format(tmp_path)])


@pytest.fixture
def ignoring_case(tmp_path):
    """Mount a file system that takes names in any case for the same: NTFS, as on a disk from Windows."""
    if not all(map(shutil.which, ("mkntfs", "lowntfs-3g", "umount"))):
        pytest.skip("needs ntfs-3g")
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(2_000_000)
    subprocess.run(["mkntfs", "-F", "-q", image], check=True, capture_output=True)
    mounted = subprocess.run(["lowntfs-3g", "-o", "ignore_case", image, folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_name_in_another_case_is_the_input(ignoring_case):
    product = ignoring_case / "X.SAFE"
    product.mkdir()
    (product / "MTD_MSIL2A.xml").write_text("x")
    (product / "B04.tif").write_text("x")
    for source in (product, product / "mtd_msil2a.XML", ignoring_case / "x.safe"):
        with pytest.raises(InputError, match="input"):
            require_unread([ignoring_case / "x.Safe" / "b04.TIF"], [source])
    require_unread([product / "new.tif"], [product])
