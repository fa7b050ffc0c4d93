"""Items of a STAC catalogue as parts of scenes: only what is needed, checked."""

import logging
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rs_srgan.addresses import without_secrets
from rs_srgan.catalogues.catalogue import Catalogue, Collection
from rs_srgan.catalogues.scene import Asset, Part

if TYPE_CHECKING:
    import pystac

logger = logging.getLogger(__name__)

_TILE = re.compile(r"(\d\d?)([C-X][A-Z]{2})")
_BASELINE = re.compile(r"\d?\d\.\d\d")
_ORBIT = re.compile(r"_R(\d{3})_")


def part_of(item: "pystac.Item", catalogue: Catalogue, collection: Collection) -> Part | None:
    """Return what an item says about its images; None if one of them is elsewhere than the catalogue allows."""
    images, own = {}, str(item.id)  # a number, although STAC says text
    for image, name in collection.assets.items():
        if name in item.assets:
            asset = item.assets[name]
            address = _href(asset)
            if not catalogue.allows(address):
                logger.warning(
                    "%s is not used: its asset %s is at %.80s; expected %s.",
                    *(own, name, without_secrets(address), " or ".join(catalogue.hosts)),
                )
                return None
            images[image] = Asset(address, *_scaling(asset))
    flag = item.properties.get("earthsearch:boa_offset_applied")
    return Part(
        own,
        _tile(item.properties, own),
        _baseline(item.properties),
        flag if isinstance(flag, bool) else None,
        images,
        _address(item, collection.picture, catalogue),
        _address(item, collection.thumbnail, catalogue),
    )


def taken_at(item: "pystac.Item") -> datetime | None:
    """Return the time of an acquisition, UTC; None if the item states none."""
    return None if item.datetime is None else item.datetime.astimezone(UTC)


def platform_of(item: "pystac.Item") -> str:
    """Return the name of the satellite in small letters; empty if the item states none."""
    return str(item.properties.get("platform", "")).lower()


def orbit_of(item: "pystac.Item") -> int | None:
    """Return the relative orbit, stated or in the product's name; None if neither is there."""
    stated = item.properties.get("sat:relative_orbit")
    if isinstance(stated, int):
        return stated
    found = _ORBIT.search(str(item.properties.get("s2:product_uri", item.id)))
    return int(found[1]) if found else None


def _scaling(asset: "pystac.Asset") -> tuple[float | None, float | None]:
    """Return scale and offset of an asset: of the raster extension before and after version 2; None where absent."""
    fields: dict[str, Any] = asset.extra_fields
    bands = fields.get("raster:bands") or fields.get("bands")
    first = bands[0] if isinstance(bands, list) and bands and isinstance(bands[0], dict) else {}
    scale = _number(first.get("scale", first.get("raster:scale", fields.get("raster:scale"))))
    offset = _number(first.get("offset", first.get("raster:offset", fields.get("raster:offset"))))
    return (scale if scale and scale > 0 else None), offset


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _tile(properties: dict[str, Any], name: str) -> str:
    for key in ("grid:code", "s2:mgrs_tile", "s2:tile_id"):
        if found := _TILE.search(str(properties.get(key, "")).removeprefix("MGRS-")):
            return f"{int(found[1]):02d}{found[2]}"
    found = re.search(r"(?<![A-Z0-9])T?(\d\d?)([C-X][A-Z]{2})(?![A-Z0-9])", name)
    return f"{int(found[1]):02d}{found[2]}" if found else ""


def _baseline(properties: dict[str, Any]) -> str:
    for key in ("s2:processing_baseline", "processing:version"):
        if found := _BASELINE.fullmatch(str(properties.get(key, "")).strip()):
            return found[0].zfill(5)
    found = re.search(r"_N(\d\d)(\d\d)_", str(properties.get("s2:product_uri", "")))
    return f"{found[1]}.{found[2]}" if found else ""


def _address(item: "pystac.Item", name: str | None, catalogue: Catalogue) -> str | None:
    if name is None or name not in item.assets:
        return None
    address = _href(item.assets[name])
    return address if catalogue.allows(address) else None


def _href(asset: "pystac.Asset") -> str:
    """Return the absolute address of an asset; empty if it has none."""
    try:
        return str(asset.get_absolute_href() or "")
    except (ValueError, TypeError, AttributeError):  # a bracket that is not closed, or no text at all
        return ""
