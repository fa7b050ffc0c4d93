import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.catalogues import stac_api
from rs_srgan.catalogues.picture import scene_picture
from rs_srgan.catalogues.search import search
from tests.rs_srgan.catalogues.products import box_of

pytest.importorskip("PIL.Image")


def test_a_picture_shows_the_place_and_not_the_tile(stac, catalogue, item):
    lake, fields = (search(box_of(item, row, 20, 100, 100), "2024-07", catalogue)[0] for row in (20, 400))
    dark, bright = (np.asarray(scene_picture(scene, 64)) for scene in (lake, fields))
    assert max(dark.shape) == max(bright.shape) == 64
    assert bright.std() > dark.std()  # fields have edges, and water has none


def test_a_scene_without_colours_has_no_picture(stac, item):
    grey = stac_api(stac.url, "sentinel-2-c1-l2a", {"B08": "nir", "SCL": "scl"})
    scene = search(box_of(item, 20, 20, 100, 100), "2024-07", grey)[0]
    with pytest.raises(InputError, match="B04"):
        scene_picture(scene, 64)
