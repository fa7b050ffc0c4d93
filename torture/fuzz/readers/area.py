"""GeoJSON: kinds, rings, coordinates, nesting, names of coordinate systems, and JSON itself."""

import json
from pathlib import Path
from random import Random
from typing import Any

from affine import Affine
from rasterio.crs import CRS

from rs_srgan.errors import InputError
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.region import find_region
from torture.fuzz.odd import FLOATS, INTEGERS, changed_tree, json_bytes
from torture.fuzz.reader import Wrong

_GRIDS = (
    Grid(400, 500, CRS.from_epsg(32632), Affine(10, 0, 600_000, 0, -10, 5_098_000)),
    Grid(400, 500, CRS.from_epsg(4326), Affine(0.001, 0, 179.8, 0, -0.001, 46.1)),
)
_NAMES = (
    *("EPSG:32632", "urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:0", "EPSG:3857", "EPSG:2193", "EPSG:3031", "ESRI:54009"),
    *("/etc/passwd", "http://127.0.0.1:9/x", "+proj=ob_tran +o_proj=x", "WGS84", "EPSG:9999999", "IGNF:LAMB93"),
)


class _Area:
    def write(self, random: Random, folder: Path) -> Path:
        ring = [[10.30, 46.0], [10.33, 46.0], [10.33, 46.03], [10.30, 46.03], [10.30, 46.0]]
        if random.random() < 0.3:
            ring = [[random.choice((*FLOATS, *INTEGERS, 10.3, 180, -180.0, 90)) for _ in each] for each in ring]
        if random.random() < 0.1:
            ring = [
                [10.3 + random.random() / 30, 46 + random.random() / 30] for _ in range(random.choice((3, 60, 300)))
            ]
        polygon: dict[str, Any] = {"type": "Polygon", "coordinates": [ring]}
        content: dict[str, Any] = random.choice(
            (
                polygon,
                {"type": "MultiPolygon", "coordinates": [[ring], [ring]]},
                {"type": "Feature", "properties": {"a": 1}, "geometry": polygon},
                {"type": "GeometryCollection", "geometries": [polygon, {"type": "Point", "coordinates": [1, 2]}]},
                {
                    "type": "FeatureCollection",
                    "features": [{"type": "Feature", "properties": None, "geometry": polygon}],
                },
            )
        )
        content = dict(content)
        if random.random() < 0.3:
            content["crs"] = {"type": "name", "properties": {"name": random.choice(_NAMES)}}
        if random.random() < 0.75:
            content = changed_tree(random, content)
        path = folder / "area.geojson"
        path.write_bytes(json_bytes(random, content))
        return path

    def read(self, path: Path) -> None:
        """Find the area in two images: one of UTM, and one in degrees across 180 degrees.

        Raises:
            InputError: both refuse it.
            Wrong: the part is not inside the image.
        """
        errors = []
        for grid in _GRIDS:
            try:
                region = find_region(grid, "image.tif", aoi=path)
            except InputError as error:
                errors.append(error)
                continue
            window = region.window
            if not (0 <= window.row < window.row + window.height <= grid.height and window.col >= 0):
                raise Wrong(f"the part {window} is not in the image")
            json.dumps(region.area)
        if len(errors) == len(_GRIDS):
            raise errors[0]


def make_reader(workspace: Path) -> _Area:
    """Return the reader."""
    return _Area()
