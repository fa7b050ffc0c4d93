"""The arguments that name a place and a time, and the scenes that they choose."""

import argparse
from collections.abc import Sequence

from rs_srgan.addresses import is_item
from rs_srgan.catalogues import Catalogue, Scene, choose_views, find_catalogue, open_item, search, stac_api
from rs_srgan.catalogues.earth_search import EARTH_SEARCH
from rs_srgan.catalogues.known import CATALOGUES
from rs_srgan.catalogues.search import is_below
from rs_srgan.errors import InputError
from rs_srgan.reading.paths import split_address

_STAC = "stac:"
# The end of an item's address in every STAC API. Source: OGC API Features, part 1.
_DEFAULT_LIMIT = 24


def add_place_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that search a catalogue, without the area, which other arguments name."""
    parser.add_argument("--dates", metavar="FIRST/LAST", help="days to search: 2024-06-01/2024-08-31, or 2024-07")
    parser.add_argument("--max-cloud", type=float, default=100.0, metavar="P", help="most cloud over the area, percent")
    parser.add_argument(
        "--limit", type=int, default=_DEFAULT_LIMIT, metavar="N", help="acquisitions to look at (default: %(default)s)"
    )
    parser.add_argument("--collection", metavar="C", help="collection of the catalogue; by default its preferred one")
    parser.add_argument(
        "--assets",
        metavar="B04=red,...",
        help="for stac:ADDRESS, which also needs --collection: names of the assets; by default those of Earth Search",
    )
    parser.add_argument(
        "--image-hosts", nargs="+", default=[], metavar="H", help="for stac:ADDRESS: scheme and host of further images"
    )


def names_place(sources: Sequence[str]) -> bool:
    """Return whether a source is a catalogue (stac:NAME) or an item of one."""
    return any(each.startswith(_STAC) or is_item(each) for each in sources)


def found_scenes(options: argparse.Namespace, source: str) -> list[Scene]:
    """Return the scenes that a source and the arguments mean, the clearest first.

    Args:
        options: the arguments, with bbox and aoi.
        source: stac:NAME, stac:ADDRESS, or the address of an item.

    Raises:
        InputError: an argument is missing or wrong, or nothing was found.
    """
    area = options.bbox if options.bbox is not None else options.aoi
    if area is None:
        raise InputError(f"{source} needs an area: --bbox W S E N, or --aoi F.geojson.")
    if is_item(source):
        return [open_item(source, area, _item_catalogue(options, source))]
    if options.dates is None:
        raise InputError(f"{source} needs days: --dates 2024-06-01/2024-08-31.")
    catalogue = _catalogue(options, source.removeprefix(_STAC))
    name = options.collection if catalogue.name in CATALOGUES else None
    return search(area, options.dates, catalogue, collection=name, max_cloud=options.max_cloud, limit=options.limit)


def chosen_scenes(options: argparse.Namespace) -> list[Scene]:
    """Return the scenes for predict: the clearest one, or the best `options.views` revisits.

    Raises:
        InputError: see `found_scenes`; or there are files among the sources.
    """
    if options.date is not None:
        if options.dates is not None:
            raise InputError("Give one day (--date) or a range (--dates), not both.")
        options.dates = options.date
    if all(map(is_item, options.sources)) and len(options.sources) > 1:
        return [scene for source in options.sources for scene in found_scenes(options, source)]
    if len(options.sources) > 1:
        raise InputError(f"A catalogue is the only input; here are {len(options.sources)}. Give files in a second run.")
    scenes = found_scenes(options, options.sources[0])
    return scenes[:1] if options.views is None else choose_views(scenes, options.views, options.max_days)


def _catalogue(options: argparse.Namespace, name: str) -> Catalogue:
    if split_address(name).scheme not in ("http", "https"):
        return find_catalogue(name)
    if options.collection is None:
        raise InputError(f"{_STAC}{name} needs the name of its collection of Sentinel-2 scenes: --collection.")
    return stac_api(name, options.collection, _assets(options.assets), options.image_hosts)


def _item_catalogue(options: argparse.Namespace, source: str) -> Catalogue | None:
    """Return the catalogue of an item; None if it is a known one."""
    if any(is_below(source, each.url) for each in CATALOGUES.values()):
        return None
    url, _, rest = source.partition("/collections/")
    options.collection = options.collection or rest.partition("/")[0]
    return _catalogue(options, url)


def _assets(text: str | None) -> dict[str, str]:
    if text is None:
        return {band: asset for (band, _), asset in EARTH_SEARCH.collections[0].assets.items()}
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(band and equals and asset for band, equals, asset in pairs):
        raise InputError(f"--assets is {text!r}; expected bands with the names of their assets: B04=red,B03=green,...")
    return {band: asset for band, _, asset in pairs}
