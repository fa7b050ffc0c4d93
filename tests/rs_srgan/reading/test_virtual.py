import pytest
from rasterio.io import MemoryFile

from rs_srgan import InputError
from rs_srgan.reading.virtual import VirtualFile, open_virtual, virtual_file
from tests.conftest import scene_dn


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/vsimem/a.tif", "/vsimem/a.tif"),
        ("https://a.b/c.tif?x=1", "/vsicurl/https://a.b/c.tif?x=1"),
        ("s3://bucket/a.tif", "/vsis3/bucket/a.tif"),
        ("scene.tif", None),
        ("file:///etc/passwd", None),
        ("C:/a.tif", None),
        ("zip://a.zip", None),
        ("zip://f/a.zip!/b/c.tif", "/vsizip/f/a.zip/b/c.tif"),
    ],
)
def test_addresses_and_paths_are_told_apart(name, expected):
    assert virtual_file(name) == expected


def test_a_file_in_memory_is_opened_and_another_format_is_refused(write_tif):
    with MemoryFile(write_tif(scene_dn(8, 8)).read_bytes()) as memory, open_virtual(VirtualFile(memory.name)) as opened:
        assert opened.shape == (8, 8)
    with MemoryFile(b"<VRTDataset/>", ext=".vrt") as memory, pytest.raises(InputError, match="GeoTIFF"):
        open_virtual(VirtualFile(memory.name))
