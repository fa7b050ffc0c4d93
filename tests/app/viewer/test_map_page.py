import dataclasses
import json
import re
from types import SimpleNamespace

import pytest

from app.jobs.queue import Job
from app.jobs.request import Request
from app.viewer.colours import Style
from app.viewer.layers import INPUT, OTHER, SR
from app.viewer.map_page import get_ready, map_page
from rs_srgan import InputError
from rs_srgan.maps.web_tiles import lon_lat_bounds
from tests.app.viewer.conftest import MODELS

TRICKY = "L'Aquila </script>.tif"


@pytest.fixture
def job(view, tmp_path) -> Job:
    request = Request(tmp_path / "a.tif", MODELS)
    return Job("id", TRICKY, request, SimpleNamespace(), tmp_path)


def test_the_page_has_tiles_beside_it_for_both_sides(job, view):
    page = map_page(job, view, Style("NDVI"), (INPUT, SR), "")
    facts = json.loads(re.search(r'id="sr-facts">(.*?)</script>', page, re.S)[1])
    sources = [call[1][1] for call in facts["map"]["calls"] if call[0] == "addSource"]
    assert [source["tiles"][0].split("?")[0] for source in sources] == [
        f"sr-page:tiles/earth/{side}/{{z}}/{{x}}/{{y}}.webp" for side in (INPUT, SR)
    ]
    assert all("composite=NDVI" in source["tiles"][0] for source in sources)
    assert tuple(sources[0]["bounds"]) == pytest.approx(lon_lat_bounds(view.grid))
    assert facts["right"] == MODELS[0] and "L&#x27;Aquila &lt;/script&gt;.tif" in page


def test_a_base_map_is_there_only_if_it_was_asked_for(job, view):
    url = "https://tiles.example/{z}/{x}/{y}.png"
    assert url not in map_page(job, view, Style("NDVI"), (SR, OTHER), "")
    assert url in map_page(job, view, Style("NDVI"), (SR, SR), url)


@pytest.mark.parametrize(
    ("sides", "composite", "word"), [(("nothing", SR), "NDVI", "layer"), ((INPUT, SR), "Nothing", "composite")]
)
def test_unknown_layers_and_composites_are_refused(job, view, sides, composite, word):
    with pytest.raises(InputError, match=word):
        map_page(job, view, Style(composite), sides, "")


def test_an_image_without_a_place_has_no_map(job, view):
    view = SimpleNamespace(grid=dataclasses.replace(view.grid, crs=None))
    with pytest.raises(InputError, match="place"):
        map_page(job, view, Style("NDVI"), (INPUT, SR), "")


def test_leafmap_is_imported_once_in_the_background():
    assert get_ready() is get_ready()
    get_ready().join()
