"""`search`: the scenes of a place and a time, the clearest first."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from shapely.geometry.base import BaseGeometry

from rs_srgan.catalogues.catalogue import Catalogue, Collection
from rs_srgan.catalogues.client import find_items, read_item
from rs_srgan.catalogues.cover import read_cover
from rs_srgan.catalogues.cut import TIMEOUT_S
from rs_srgan.catalogues.days import Days, find_days
from rs_srgan.catalogues.items import orbit_of, part_of, platform_of, taken_at
from rs_srgan.catalogues.known import CATALOGUES, find_catalogue
from rs_srgan.catalogues.place import Place, find_place
from rs_srgan.catalogues.scene import Part, Scene
from rs_srgan.errors import InputError
from rs_srgan.reading.area import union_of

if TYPE_CHECKING:
    import pystac

logger = logging.getLogger(__name__)

# Tiles of one pass of a satellite follow each other within seconds.
_SAME_PASS = timedelta(minutes=5)
# A tile that shows that share of a place needs no neighbour.
_WHOLE = 0.9995
_AT_ONCE = 8
# Errors at values that an item should not have: of another type, or too large.
_NO_ITEM = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class _Found:
    """A part of a scene, and what its item says beside the images."""

    part: Part
    taken: datetime
    platform: str
    orbit: int | None
    footprint: BaseGeometry
    cloud_percent: float


def search(
    area: Sequence[float] | str | Path | Place,
    dates: str | date | Sequence[str | date],
    catalogue: str | Catalogue = "earth-search",
    *,
    collection: str | None = None,
    max_cloud: float = 100.0,
    limit: int = 24,
    timeout_s: float = TIMEOUT_S,
) -> list[Scene]:
    """Find the scenes of a place and a time, the clearest over the place first.

    Clouds are counted over the place itself, in the scene classification, not taken from the figure of the tile.

    Args:
        area: west, south, east and north in degrees (WGS 84), or the path of a GeoJSON file with polygons.
        dates: "2024-06-01/2024-08-31", one day, a month ("2024-06"), a `date`, or a pair of them.
        catalogue: "earth-search", "planetary-computer", "copernicus", or a `Catalogue` from `stac_api`.
        collection: name of the collection; by default the preferred one of the catalogue.
        max_cloud: largest share of the place under clouds and their shadows, percent.
        limit: the number of acquisitions, 1 to 200, that are looked at; those with the least cloud in their tile.
        timeout_s: seconds to wait for each answer.

    Raises:
        InputError: nothing was found, or a value cannot be used.
        ReadError: the catalogue or its storage does not answer.
    """
    known = find_catalogue(catalogue)
    which = _collection(known, collection)
    place, days = find_place(area), find_days(dates)
    if not 0 <= max_cloud <= 100:
        raise InputError(f"max_cloud is {max_cloud:g}; expected percent, 0 to 100.")
    if not 1 <= limit <= 200:
        raise InputError(f"limit is {limit}; expected 1 to 200.")
    items = find_items(known, which, place, days, timeout_s)
    found = [each for item in items if (each := _found(item, known, which)) is not None]
    passes = sorted(_passes(found, place), key=lambda each: (each[0].cloud_percent, -each[0].taken.timestamp()))
    scenes = _look(known, which, place, passes[:limit], timeout_s)
    wanted = [scene for scene in scenes if 100 * (scene.cloud or 0) <= max_cloud and scene.covered > 0]
    if not wanted:
        raise _nothing(known, which, days, scenes, len(items), max_cloud)
    return sorted(wanted, key=lambda scene: (-round(scene.clear, 3), -scene.taken.timestamp()))


def open_item(
    address: str,
    area: Sequence[float] | str | Path | Place,
    catalogue: str | Catalogue | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Scene:
    """Return the scene of an item, by its address.

    Args:
        address: address of the item, as a STAC browser shows it.
        area: see `search`.
        catalogue: the item's catalogue; None to find it by the address.
        timeout_s: see `search`.

    Raises:
        InputError: the address is of no known catalogue, or the item is none of Sentinel-2.
        ReadError: the catalogue or its storage does not answer.
    """
    place = find_place(area)
    if catalogue is None:
        known = next((each for each in CATALOGUES.values() if is_below(address, each.url)), None)
        if known is None:
            raise InputError(f"{address} is of no known catalogue; expected one of {', '.join(CATALOGUES)}.")
    else:
        known = find_catalogue(catalogue)
        if not is_below(address, known.url):
            raise InputError(f"{address} is not in {known.title}; expected an address that begins with {known.url}.")
    item = read_item(known, address, timeout_s)
    which = _collection(known, item.collection_id)
    found = _found(item, known, which)
    if found is None:
        raise InputError(f"{address} has no images of {known.title} with a date. Choose another item.")
    return _look(known, which, place, [[found]], timeout_s)[0]


def is_below(address: str, url: str) -> bool:
    """Return whether an address is of the same server as another one, and below it."""
    return address.startswith(url.rstrip("/") + "/")


def _collection(catalogue: Catalogue, name: str | None) -> Collection:
    if name is None:
        return catalogue.collections[0]
    for each in catalogue.collections:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in catalogue.collections)
    raise InputError(f"{catalogue.title} has no known collection {name!r}; expected {names}.")


def _found(item: "pystac.Item", catalogue: Catalogue, collection: Collection) -> _Found | None:
    """Return a checked item; None, with a warning, if it cannot be used."""
    try:
        taken, part = taken_at(item), part_of(item, catalogue, collection)
        footprint = union_of([item.geometry])
        cloud = float(item.properties.get("eo:cloud_cover", 50))
    except _NO_ITEM:
        taken = part = None
    if taken is None or part is None or footprint.is_empty:
        logger.warning("%s is not used: it has no date, no outline, or no images of this catalogue.", item.id)
        return None
    return _Found(part, taken, platform_of(item), orbit_of(item), footprint, cloud)


def _passes(found: Sequence[_Found], place: Place) -> list[list[_Found]]:
    """Return the acquisitions: each with as few tiles as show all of the place that it shows."""
    groups: list[list[_Found]] = []
    for each in sorted(found, key=lambda one: (one.taken, one.part.item)):
        for group in groups:
            first = group[0]
            alike = (first.platform, first.orbit, first.part.baseline, first.part.applied)
            near = abs(each.taken - first.taken) <= _SAME_PASS
            if near and alike == (each.platform, each.orbit, each.part.baseline, each.part.applied):
                group.append(each)
                break
        else:
            groups.append([each])
    newest: dict[tuple[str, str, datetime], list[_Found]] = {}
    for group in groups:  # the same pixels may have been processed several times: the newest baseline counts
        key = (group[0].platform, str(group[0].orbit), group[0].taken.replace(second=0, microsecond=0))
        if key not in newest or newest[key][0].part.baseline < group[0].part.baseline:
            newest[key] = group
    return [kept for group in newest.values() if (kept := _fewest(group, place))]


def _fewest(group: Sequence[_Found], place: Place) -> list[_Found]:
    """Return tiles that each add to what the ones before show of the place, the largest share first."""
    left, rest, kept = place.outline, list(group), []
    while rest and left.area > (1 - _WHOLE) * place.outline.area:
        best = max(rest, key=lambda each: left.intersection(each.footprint).area)
        if left.intersection(best.footprint).area == 0:
            break
        kept.append(best)
        rest.remove(best)
        left = left.difference(best.footprint)
    return kept


def _look(
    catalogue: Catalogue, collection: Collection, place: Place, passes: Sequence[Sequence[_Found]], timeout_s: float
) -> list[Scene]:
    """Return scenes with their shares of the place; those whose images cannot be read are left out with a warning."""

    def look(tiles: Sequence[_Found]) -> Scene | InputError:
        parts, first = tuple(each.part for each in tiles), tiles[0]
        try:
            cover = read_cover(catalogue, parts, place, timeout_s)
        except InputError as error:
            return error
        covered = cover.covered if cover else _covered(tiles, place)
        cloud = cover.cloud if cover else None
        return Scene(catalogue, collection, place, first.taken, first.platform, first.orbit, cloud, covered, parts)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        looked = list(pool.map(look, passes))
    errors = [each for each in looked if isinstance(each, InputError)]
    scenes = [each for each in looked if isinstance(each, Scene)]
    if errors and not scenes:
        raise errors[0]
    for error in errors:
        logger.warning("A scene is left out: %s", error)
    return scenes


def _covered(tiles: Sequence[_Found], place: Place) -> float:
    shown = place.outline
    for each in tiles:
        shown = shown.difference(each.footprint)
    return 1 - float(shown.area / place.outline.area)


def _nothing(
    catalogue: Catalogue, collection: Collection, days: Days, scenes: Sequence[Scene], items: int, max_cloud: float
) -> InputError:
    """Return an error that says what would widen the search."""
    where = f"{collection.name} of {catalogue.title} from {days[0]} to {days[1]}"
    cloudy = [scene for scene in scenes if scene.covered > 0]
    if cloudy:
        best = min(cloudy, key=lambda scene: scene.cloud or 0)
        return InputError(
            f"All {len(cloudy)} scenes in {where} have more than {max_cloud:g} % cloud over the area; the clearest, of "
            f"{best.taken:%Y-%m-%d}, has {100 * (best.cloud or 0):.0f} %. Raise the limit (max_cloud, --max-cloud), or "
            "choose more days."
        )
    if items:
        return InputError(f"The {items} scenes in {where} show nothing of the area. Choose more days or a larger area.")
    return InputError(
        f"There is no scene in {where}. Choose more days (one place is seen every 2 to 5 days), an area on land, or "
        f"another collection: {', '.join(each.name for each in catalogue.collections)}."
    )
