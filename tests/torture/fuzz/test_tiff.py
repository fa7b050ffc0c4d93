import random

import numpy as np
import rasterio

from torture.fuzz.tiff import broken, entries


def test_the_entries_are_those_of_the_file(write_tif):
    path = write_tif(np.ones((4, 40, 48), np.uint16), tiled=True, blockxsize=16, blockysize=16, compress="deflate")
    data = path.read_bytes()
    found, links = entries(data)
    tags = {entry.tag: entry for entry in found}
    assert tags[256].count == 1 and data[tags[256].values_at] == 48
    assert tags[324].count == 3 * 3
    assert len(links) == 2


def test_a_big_tiff_is_understood(write_tif):
    data = write_tif(np.ones((4, 40, 48), np.uint16), BIGTIFF="YES").read_bytes()
    found, _ = entries(data)
    width = next(entry for entry in found if entry.tag == 256)
    assert data[width.values_at] == 48


def test_broken_files_differ(write_tif):
    data = write_tif(np.ones((4, 40, 48), np.uint16)).read_bytes()
    assert len({broken(random.Random(seed), data) for seed in range(20)}) > 15
    with rasterio.MemoryFile(data) as memory, memory.open() as dataset:
        assert dataset.shape == (40, 48)
