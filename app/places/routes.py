"""What the page asks the server about places: pictures of dates, and the outlines of the continents."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response

from app.errors import Gone
from app.places.places import Places

_A_DAY = {"Cache-Control": "max-age=86400"}
_AN_HOUR = {"Cache-Control": "private, max-age=3600"}


def make_place_routes(places: Places) -> APIRouter:
    """Return the routes for the searches of a server."""
    router = APIRouter()

    @router.get("/places/world.json")
    def world() -> Response:
        return Response(_world(), media_type="application/geo+json", headers=_A_DAY)

    @router.get("/places/{search}/{number}.webp")
    def picture(search: str, number: int) -> Response:
        drawn = places.picture(places.get(search), number)
        return Response(drawn, media_type="image/webp", headers=_AN_HOUR)

    return router


@cache
def _world() -> str:
    """Return the outlines of the countries as GeoJSON. They come with bqplot, which leafmap needs (Apache licence)."""
    spec = find_spec("bqplot")
    if spec is None or not spec.submodule_search_locations:
        raise Gone("This server has no outlines of the continents.")
    path = Path(spec.submodule_search_locations[0]) / "map_data" / "WorldMap.json"
    try:
        return json.dumps({"type": "MultiLineString", "coordinates": arcs_of(json.loads(path.read_text("utf-8")))})
    except (OSError, ValueError, KeyError):
        raise Gone("This server has no outlines of the continents.") from None


def arcs_of(topology: dict[str, Any]) -> list[list[tuple[float, float]]]:
    """Return the lines of a TopoJSON topology in degrees. Source: the TopoJSON format specification, section 2.1.3."""
    (across, down), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]
    lines = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y, *_ in arc:
            x, y = x + step_x, y + step_y
            line.append((round(x * across + left, 3), round(y * down + bottom, 3)))
        lines.append(line)
    return lines
