import numpy as np
import pytest
import rasterio

from rs_srgan.writing.block_table import BlockTable


@pytest.mark.parametrize("bigtiff", ["yes", "no"])
@pytest.mark.parametrize("side", [16, 40, 4000])
def test_a_table_holds_the_positions_that_gdal_reports(tmp_path, bigtiff, side):
    path = tmp_path / "a.tif"
    options = {"tiled": True, "blockxsize": 16, "blockysize": 16, "bigtiff": bigtiff, "compress": "deflate"}
    pixels = np.random.default_rng(0).integers(0, 99, (1, side, 40), np.uint8)
    with rasterio.open(path, "w", driver="GTiff", count=1, height=side, width=40, dtype="uint8", **options) as out:
        out.write(pixels)
    with path.open("rb") as file:
        table = BlockTable.read(file)
    with rasterio.open(path) as dataset:
        for row, col in ((0, 0), (0, 2), (-(-side // 16) - 1, 1)):
            place = row * 3 + col
            for values, what in ((table.offsets, "OFFSET"), (table.sizes, "SIZE")):
                assert values[place] == int(dataset.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1))


@pytest.mark.parametrize("bigtiff", ["yes", "no"])
@pytest.mark.parametrize("side", [16, 40, 4000])
def test_a_reserved_table_has_room_for_large_numbers(tmp_path, bigtiff, side):
    path = tmp_path / "a.tif"
    options = {"tiled": True, "blockxsize": 16, "blockysize": 16, "bigtiff": bigtiff, "sparse_ok": True}
    rasterio.open(path, "w", driver="GTiff", count=1, height=side, width=16, dtype="uint8", **options).close()
    with path.open("r+b") as file:
        table = BlockTable.reserve(file)
        assert not table.offsets.any()
        largest = np.iinfo(table.offsets.dtype).max // 4
        table.offsets[:], table.sizes[:] = largest, 4_000_000_000
        table.write(file)
    with path.open("rb") as file:
        again = BlockTable.read(file)
    assert (again.offsets == largest).all()
    assert again.sizes.tolist() == table.sizes.tolist()
    with rasterio.open(path) as dataset:
        assert int(dataset.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1)) == largest


def test_a_big_endian_file_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"MM\0* big-endian")
    with path.open("rb") as file, pytest.raises(ValueError, match="little-endian"):
        BlockTable.read(file)
