"""Acquisitions for tests: tiles of made-up or given pixels as Cloud Optimized GeoTIFFs, and their items."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform_bounds

# The upper left corner of the tiles, in UTM zone 33 north.
ULX, ULY = 499_980, 5_000_040
EARTH_SEARCH_NAMES = {
    "B02": "blue",
    "B03": "green",
    "B04": "red",
    "B08": "nir",
    "B05": "rededge1",
    "B06": "rededge2",
    "B07": "rededge3",
    "B8A": "nir08",
    "B11": "swir16",
    "B12": "swir22",
    "SCL": "scl",
}
GSD_M = {"B02": 10, "B03": 10, "B04": 10, "B08": 10}
RGBN = ("B04", "B03", "B02", "B08")
VEGETATION, WATER, CLOUD = 4, 6, 9


def land(height: int, width: int, seed: int = 0, offset: int = 1000) -> dict[str, np.ndarray]:
    """Return DN of the four 10 m bands and classes of 20 m: fields, a lake in the upper left, no clouds."""
    random = np.random.default_rng(7)
    rows, cols = np.mgrid[:height, :width]
    fields = 0.05 + 0.03 * ((rows // 12 + cols // 17) % 3)
    texture = np.random.default_rng(seed).normal(0, 0.004, (height, width)) + random.normal(0, 0.004, (height, width))
    lake = (rows < height // 4) & (cols < width // 4)
    images = {}
    for band, (dry, wet) in {"B04": (1.0, 0.02), "B03": (1.1, 0.03), "B02": (0.8, 0.04), "B08": (5.0, 0.01)}.items():
        reflectance = np.where(lake, wet, fields * dry) + texture * 0.5
        images[band] = np.clip(reflectance * 10_000 + offset, 1, 65_535).astype(np.uint16)
    classes = np.where(lake, WATER, 4).astype(np.uint8)
    images["SCL"] = classes[::2, ::2].copy()
    return images


def write_image(path: Path, pixels: np.ndarray, gsd_m: int, origin: tuple[int, int], zone: int, block: int) -> None:
    """Write one band as a tiled GeoTIFF whose directory stands in front of the pixels, as in a COG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="COG",
        count=1,
        height=pixels.shape[0],
        width=pixels.shape[1],
        dtype=pixels.dtype,
        crs=CRS.from_epsg(32600 + zone),
        transform=Affine(gsd_m, 0, origin[0], 0, -gsd_m, origin[1]),
        nodata=0,
        compress="deflate",
        blocksize=block,
        overviews="NONE",
    ) as image:
        image.write(pixels, 1)


def add_item(
    images: Path,
    url: str,
    pixels: Mapping[str, np.ndarray],
    *,
    day: str = "2024-07-14",
    tile: str = "33TWL",
    names: Mapping[str, str] = EARTH_SEARCH_NAMES,
    collection: str = "sentinel-2-c1-l2a",
    orbit: int = 122,
    cloud_cover: float = 5.0,
    properties: Mapping[str, Any] = {},
    scaling: tuple[float, float] | None = (0.0001, -0.1),
    origin: tuple[int, int] = (ULX, ULY),
    block: int = 256,
    platform: str = "sentinel-2b",
    visible: Sequence[str] = (),
) -> dict[str, Any]:
    """Write the images of an acquisition, and return its item as JSON."""
    zone = int(tile[:2])
    name = f"S2B_T{tile}_{day.replace('-', '')}T100031_L2A"
    assets: dict[str, Any] = {}
    for band, dn in pixels.items():
        gsd_m = GSD_M.get(band, 20)
        path = f"{collection}/{name}/{names[band]}.tif"
        write_image(images / path, dn, gsd_m, origin, zone, block)
        assets[names[band]] = {
            "href": f"{url}/images/{path}",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        }
        if scaling and band != "SCL":
            assets[names[band]]["raster:bands"] = [{"nodata": 0, "scale": scaling[0], "offset": scaling[1]}]
    height, width = pixels["B04"].shape
    left, top = origin
    west, south, east, north = transform_bounds(
        CRS.from_epsg(32600 + zone), CRS.from_epsg(4326), left, top - 10 * height, left + 10 * width, top
    )
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": name,
        "collection": collection,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, east, north],
        "properties": {
            "datetime": datetime.fromisoformat(f"{day}T10:00:31+00:00").isoformat(),
            "platform": platform,
            "grid:code": f"MGRS-{tile}",
            "s2:processing_baseline": "05.10",
            "s2:product_uri": f"S2B_MSIL2A_{day.replace('-', '')}T100031_N0510_R{orbit:03d}_T{tile}.SAFE",
            "eo:cloud_cover": cloud_cover,
            **properties,
        },
        "assets": assets,
        "links": [{"rel": "self", "href": f"{url}/collections/{collection}/items/{name}"}],
    }
    return item


def box_of(item: Mapping[str, Any], row: int, col: int, height: int, width: int) -> tuple[float, float, float, float]:
    """Return a box in degrees just inside a window of 10 m pixels of a tile at the usual corner."""
    left, top = ULX + 10 * col + 15, ULY - 10 * row - 15
    right, bottom = ULX + 10 * (col + width) - 15, ULY - 10 * (row + height) + 15
    zone = int(item["properties"]["grid:code"][5:7])
    return transform_bounds(CRS.from_epsg(32600 + zone), CRS.from_epsg(4326), left, bottom, right, top)
