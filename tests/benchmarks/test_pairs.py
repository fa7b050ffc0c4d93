import rasterio

from benchmarks.pairs import move_coordinates
from tests.conftest import UTM_10M, scene_dn


def test_a_file_is_moved_by_50_of_its_pixels(write_tif):
    path = write_tif(scene_dn(16, 16))
    move_coordinates(path)
    with rasterio.open(path) as moved:
        assert (moved.transform.c, moved.transform.f) == (UTM_10M.c + 500, UTM_10M.f)
