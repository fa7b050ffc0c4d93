import shutil

import pytest
import rasterio


@pytest.fixture
def whole(cases, tmp_path):
    """A folder with a whole result."""
    assert cases.image.expected
    return shutil.copytree(cases.image.whole, tmp_path / "folder")


def test_a_whole_result_has_no_fault(cases, whole, tmp_path):
    assert cases.image.fault_at_end(whole) == ""
    (whole / "out.tif").unlink()
    assert cases.image.fault_of(whole) == ""
    assert "missing" in cases.image.fault_at_end(whole)


def test_one_other_pixel_is_a_fault(cases, whole):
    with rasterio.open(whole / "out.tif", "r+") as image:
        pixels = image.read()
        pixels[0, 5, 5] += 1
        image.write(pixels)
    assert cases.image.fault_of(whole) == "out.tif has 1 other pixels"


@pytest.mark.parametrize("left", [0, 20, 2000])
def test_half_a_file_is_a_fault(cases, whole, left):
    content = (whole / "out.tif").read_bytes()
    (whole / "out.tif").write_bytes(content[:left])
    assert cases.image.fault_of(whole).startswith("out.tif cannot be read")


def test_a_leftover_is_a_fault_at_the_end(cases, whole):
    (whole / "out.tif.partial").write_text("")
    assert "partial" in cases.image.fault_at_end(whole)
