import io
from datetime import date

import numpy as np
import pytest
from PIL import Image

from app.places.network import cut_scenes, draw_scene, find_scenes
from rs_srgan import InputError
from rs_srgan.catalogues.cut import Wanted
from rs_srgan.reading.safe import is_product

JULY = (date(2024, 7, 1), date(2024, 7, 31))


@pytest.fixture
def scenes(places, area, title):
    return find_scenes(places.catalogues[title], tuple(map(float, area.split())), JULY, 24)


def test_scenes_are_found_drawn_and_cut(scenes, tmp_path, monkeypatch):
    monkeypatch.setenv("RS_SRGAN_CACHE", str(tmp_path / "other"))
    assert [scene.cloud for scene in scenes] == [0, 0, 1]
    picture = np.asarray(Image.open(io.BytesIO(draw_scene(scenes[0]))))
    assert picture.std() > 5
    (product,) = cut_scenes(scenes[:1], Wanted((("B04",),), 0), tmp_path / "scenes")
    assert is_product(product) and (tmp_path / "scenes") in product.parents


def test_a_band_that_no_scene_has_is_an_error(scenes, tmp_path, monkeypatch):
    monkeypatch.setenv("RS_SRGAN_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="B12"):
        cut_scenes(scenes[:1], Wanted((("B12",),), 0), tmp_path)
