"""`SwipeMap`: a leafmap map with two layers of tiles and a line between them, which a visitor moves.

leafmap's maps can swipe with its folium backend only, whose JavaScript comes from other servers. This one uses the
MapLibre backend, whose package carries its JavaScript. docs/place.md compares the two.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import leafmap.maplibregl as leafmap

from rs_srgan.errors import InputError
from rs_srgan.maps.web_tiles import LARGEST_ZOOM, TILE_PX, Bounds
from rs_srgan.whole_files import whole_file

# A map without anything below its layers.
_EMPTY = {"version": 8, "sources": {}, "layers": []}
_FRAME_HEIGHT = 600
# Addresses of tiles that are in the page itself, and of those that are relative to the address of the page.
IN_PAGE, BESIDE_PAGE = "sr-tile:", "sr-page:"
_BASE_NAME = "Base map"
# Zooms of most servers of map tiles end there.
_BASE_ZOOM = 19
# Their terms ask for these words.
_CREDITS = {"openstreetmap.org": "© OpenStreetMap contributors"}


@dataclass(frozen=True)
class TileLayer:
    """A layer of tiles.

    Attributes:
        name: name for people.
        url: address of a tile, with {z}, {x} and {y}.
        bounds: west, south, east and north, degrees.
        zoom: largest zoom that has tiles.
    """

    name: str
    url: str
    bounds: Bounds
    zoom: int


class SwipeMap(leafmap.Map):  # type: ignore[misc]  # leafmap has no types
    """A leafmap map with two layers and a line between them: the left layer is shown left of the line.

    All methods of leafmap's `maplibregl.Map` work, too. The map shows itself in a notebook as a page in a frame.

    Args:
        left: the left layer.
        right: the right layer.
        opacity: of both layers, 0 to 1.
        base_map: address of map tiles below the layers, with {z}, {x} and {y}; None for none. A browser loads them from
            that server.
        credit: words that the base map's terms ask for; those of OpenStreetMap are known.

    Raises:
        InputError: the opacity or the address of the base map cannot be used, or both layers have one name.
    """

    def __init__(
        self,
        left: TileLayer,
        right: TileLayer,
        opacity: float = 1.0,
        base_map: str | None = None,
        credit: str | None = None,
    ) -> None:
        if not 0 <= opacity <= 1:
            raise InputError(f"The opacity is {opacity:g}; expected 0 to 1.")
        if len({left.name, right.name, _BASE_NAME}) < 3:
            raise InputError(f"The layers are {left.name!r} and {right.name!r}; expected two different names.")
        west, south, east, north = right.bounds
        super().__init__(
            center=((west + east) / 2, (south + north) / 2),
            zoom=max(0, right.zoom - 3),
            style=_EMPTY,
            height=f"{_FRAME_HEIGHT}px",
            controls={"scale": "bottom-left"},
            use_message_queue=True,  # else the page would lack the layers
            add_sidebar=False,
            add_floating_sidebar=False,
            bounds=((west, south), (east, north)),
            max_zoom=LARGEST_ZOOM,
            max_pitch=0,
        )
        self.add_control("navigation", "top-right", show_compass=False)
        self.sides = (left, right)
        if base_map:
            self._add_base(base_map, credit)
        for layer in self.sides:
            self.add_tile_layer(
                layer.url,
                name=layer.name,
                opacity=opacity,
                attribution="Contains modified Copernicus Sentinel data",
                source_args={"bounds": layer.bounds, "max_zoom": layer.zoom},
                tile_size=TILE_PX,
                paint={"raster-resampling": "nearest", "raster-fade-duration": 0},
            )
        self._opacity = opacity

    def _add_base(self, url: str, credit: str | None) -> None:
        host = urlsplit(url).hostname or ""
        if urlsplit(url).scheme not in ("http", "https") or not all(part in url for part in ("{z}", "{x}", "{y}")):
            raise InputError(
                f"The base map is {url!r}; expected the address of its tiles: https://.../{{z}}/{{x}}/{{y}}.png."
            )
        known = next((words for site, words in _CREDITS.items() if host.endswith(site)), host)
        words = html.escape(credit or known)
        self.add_tile_layer(url, name=_BASE_NAME, attribution=words, source_args={"max_zoom": _BASE_ZOOM})

    def to_html(
        self, output: str | Path | None = None, title: str = "Comparison", tiles: Mapping[str, str] | None = None
    ) -> str:
        """Return the map as one HTML page, which needs nothing from other servers but its tiles.

        Args:
            output: file to write it into, too.
            title: title of the page.
            tiles: WebP tiles in base64 by the part of their address behind `IN_PAGE`.
        """
        facts = {
            "map": self.to_dict(),
            "left": self.sides[0].name,
            "right": self.sides[1].name,
            "opacity": self._opacity,
            "tiles": dict(tiles or {}),
        }
        own, maplibre = files("rs_srgan.maps"), files("maplibre") / "srcjs"
        page = (own / "swipe.html").read_text(encoding="utf-8")
        parts = {
            "@TITLE@": html.escape(title),
            "@STYLE@": (maplibre / "pywidget.css").read_text(encoding="utf-8")
            + (own / "swipe.css").read_text(encoding="utf-8"),
            "@FACTS@": _json(facts),
            "@MAPLIBRE@": (maplibre / "pywidget.js").read_text(encoding="utf-8"),
            "@SWIPE@": (own / "swipe.js").read_text(encoding="utf-8"),
        }
        for mark, text in parts.items():
            before, _, after = page.partition(mark)
            page = before + text + after
        if output is not None:
            with whole_file(Path(output)) as fresh:
                fresh.write_text(page, encoding="utf-8")
        return page

    def notebook_page(self) -> str:
        """Return the page that a notebook shows."""
        return self.to_html()

    def _repr_html_(self, **_: Any) -> str:  # noqa: ANN401  # IPython's
        return (
            f'<iframe srcdoc="{html.escape(self.notebook_page())}" title="Comparison of two images on a map" '
            f'style="width: 100%; height: {_FRAME_HEIGHT}px; border: 0"></iframe>'
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:  # noqa: ANN401  # IPython's
        names = " and ".join(layer.name for layer in self.sides)
        return {"text/html": self._repr_html_(), "text/plain": f"SwipeMap of {names}"}


def _json(value: object) -> str:
    """Return JSON that cannot end the script element around it."""
    return json.dumps(value).replace("<", "\\u003c")
