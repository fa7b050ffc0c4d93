import html
import json
import re

import leafmap.maplibregl as leafmap
import pytest
from IPython.core.formatters import DisplayFormatter

from rs_srgan import InputError
from rs_srgan.maps.swipe_map import BESIDE_PAGE, SwipeMap, TileLayer

BOUNDS = (10.0, 45.0, 10.1, 45.1)
TRICKY = "L'Aquila </script><script>alert(1)</script>"


def layer(name: str) -> TileLayer:
    return TileLayer(name, f"{BESIDE_PAGE}tiles/{{z}}/{{x}}/{{y}}.webp", BOUNDS, 15)


def facts_of(page: str) -> dict:
    return json.loads(re.search(r'id="sr-facts">(.*?)</script>', page, re.S)[1])


def test_the_map_is_one_of_leafmap_and_takes_more_layers():
    made = SwipeMap(layer("a"), layer("b"))
    assert isinstance(made, leafmap.Map)
    corner = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [10.05, 45.05]}}
    made.add_geojson({"type": "FeatureCollection", "features": [corner]}, name="fields", fit_bounds=False)
    names = [call[1][0]["id"] for call in facts_of(made.to_html())["map"]["calls"] if call[0] == "addLayer"]
    assert names[:2] == ["a", "b"] and len(names) > 2


def test_names_cannot_end_the_script_or_the_title(tmp_path):
    page = SwipeMap(layer(TRICKY), layer("b")).to_html(tmp_path / "map.html", title=TRICKY)
    assert facts_of(page)["left"] == TRICKY
    assert "alert(1)</script>" not in page and html.escape(TRICKY) in page
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == page


def test_a_page_loads_nothing_from_other_servers():
    page = SwipeMap(layer("a"), layer("b")).to_html()
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert "Copernicus" in page and "openstreetmap.org" not in json.dumps(facts_of(page))


def test_a_base_map_comes_only_when_asked_for_and_is_credited():
    url = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
    facts = json.dumps(facts_of(SwipeMap(layer("a"), layer("b"), base_map=url).to_html()), ensure_ascii=False)
    assert url in facts and "© OpenStreetMap contributors" in facts


def test_a_notebook_shows_the_page_in_a_frame():
    bundle, _ = DisplayFormatter().format(SwipeMap(layer("a"), layer("b")))
    shown = bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" not in bundle  # the widget cannot swipe
    page = html.unescape(re.search(r'srcdoc="(.*?)"', shown, re.S)[1])
    assert facts_of(page)["right"] == "b"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"opacity": 1.5}, "opacity"),
        ({"base_map": "file:///etc/{z}{x}{y}"}, "base"),
        ({"base_map": "https://a"}, "base"),
    ],
)
def test_wrong_values_are_refused(options, word):
    with pytest.raises(InputError, match=word):
        SwipeMap(layer("a"), layer("b"), **options)


def test_two_layers_need_two_names():
    with pytest.raises(InputError, match="names"):
        SwipeMap(layer("a"), layer("a"))
