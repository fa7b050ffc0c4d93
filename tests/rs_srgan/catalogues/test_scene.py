from datetime import UTC, datetime

import pytest

from rs_srgan.catalogues.earth_search import EARTH_SEARCH
from rs_srgan.catalogues.place import find_place
from rs_srgan.catalogues.scene import Part, Scene


@pytest.mark.parametrize(("cloud", "covered", "clear"), [(0.2, 1.0, 0.8), (None, 0.7, 0.7), (0.5, 0.4, 0.0)])
def test_a_scene_says_what_it_shows(cloud, covered, clear):
    parts = tuple(Part(f"item {tile}", tile, "05.10", None, {}) for tile in ("33TWL", "33TXL"))
    place, taken = find_place((15, 45, 15.1, 45.1)), datetime(2024, 7, 14, 10, tzinfo=UTC)
    scene = Scene(EARTH_SEARCH, EARTH_SEARCH.collections[0], place, taken, "sentinel-2b", 122, cloud, covered, parts)
    assert scene.clear == pytest.approx(clear)
    assert (scene.name, scene.tile, scene.baseline, scene.thumbnail) == ("item 33TWL", "33TWL+33TXL", "05.10", None)
    assert "2024-07-14" in str(scene) and ("unknown" in str(scene)) == (cloud is None)
