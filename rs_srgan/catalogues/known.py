"""Catalogues by their names, and any other STAC API by its address."""

from collections.abc import Mapping, Sequence

from rs_srgan.catalogues.catalogue import Catalogue, Collection
from rs_srgan.catalogues.copernicus import COPERNICUS
from rs_srgan.catalogues.earth_search import EARTH_SEARCH
from rs_srgan.catalogues.planetary_computer import PLANETARY_COMPUTER
from rs_srgan.errors import InputError
from rs_srgan.reading.paths import split_address
from rs_srgan.reading.safe_metadata import native_gsd_m
from rs_srgan.sensors import SENTINEL2

CATALOGUES = {each.name: each for each in (EARTH_SEARCH, PLANETARY_COMPUTER, COPERNICUS)}


def find_catalogue(name: str | Catalogue) -> Catalogue:
    """Return a catalogue as it is, or the one with a name.

    Raises:
        InputError: no catalogue has the name.
    """
    if isinstance(name, Catalogue):
        return name
    if name not in CATALOGUES:
        raise InputError(
            f"There is no catalogue {name!r}; expected {', '.join(CATALOGUES)}, or use stac_api(url, ...)."
        )
    return CATALOGUES[name]


def stac_api(
    url: str, collection: str, assets: Mapping[str, str], hosts: Sequence[str] = (), level: str = "L2A"
) -> Catalogue:
    """Return any other catalogue with a STAC API.

    Args:
        url: address of the API.
        collection: name of the collection of Sentinel-2 scenes.
        assets: names of the assets by band, for example {"B04": "red", "SCL": "scl"}; each has the band's own pixels.
        hosts: scheme and host of further addresses where images are; those of the API are allowed without it.
        level: processing level, "L1C" or "L2A".

    Raises:
        InputError: an address without http or https, or with a password, an unknown band, or another level.
    """
    parts = split_address(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(f"The catalogue is {url!r}; expected the address of a STAC API, https://...")
    if "@" in parts.netloc:
        raise InputError(
            f"The address of the catalogue at {parts.hostname} holds a user or a password, which scenes would show. "
            "Leave them out, and put them into ~/.netrc."
        )
    unknown = [band for band in assets if band not in (*SENTINEL2.band_names, "SCL")]
    if unknown:
        raise InputError(f"There is no band {unknown[0]}; expected {', '.join(SENTINEL2.band_names)} or SCL.")
    if level not in ("L1C", "L2A"):
        raise InputError(f"The level is {level!r}; expected L1C or L2A.")
    images = {(band, native_gsd_m(band)): asset for band, asset in assets.items()}
    own = Collection(collection, "L1C" if level == "L1C" else "L2A", images, "stated")
    return Catalogue(url, parts.netloc, url, (own,), (f"{parts.scheme}://{parts.netloc}".lower(), *hosts))
