"""The catalogues that a server may ask. Visitors choose among them by name, and give no address."""

import os
from importlib.util import find_spec

from app.settings import Settings
from rs_srgan.catalogues import CATALOGUES, Catalogue, stac_api
from rs_srgan.catalogues.copernicus import COPERNICUS
from rs_srgan.catalogues.earth_search import EARTH_SEARCH
from rs_srgan.catalogues.planetary_computer import PLANETARY_COMPUTER
from rs_srgan.errors import InputError

NONE = "none"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def allowed_catalogues(settings: Settings) -> dict[str, Catalogue]:
    """Return the catalogues of a server by their titles; empty if it may ask none, or cannot.

    Raises:
        InputError: the settings name an unknown catalogue.
    """
    if find_spec("pystac_client") is None:
        return {}
    if settings.catalogues is None:
        found = [EARTH_SEARCH, *([] if settings.is_public else _more_at_home())]
    else:
        found = [catalogue_of(words) for words in settings.catalogues if words != NONE]
    return {catalogue.title: catalogue for catalogue in found}


def catalogue_of(words: str) -> Catalogue:
    """Return the catalogue with a name, or the one that ADDRESS@COLLECTION describes, with Earth Search's asset names.

    Raises:
        InputError: there is no such catalogue.
    """
    if words in CATALOGUES:
        return CATALOGUES[words]
    address, at, collection = words.rpartition("@")
    if not (at and collection and address.startswith(("http://", "https://"))):
        raise InputError(
            f"The catalogue is {words!r:.80}; expected {', '.join(CATALOGUES)}, {NONE}, or ADDRESS@COLLECTION of "
            "another STAC API."
        )
    assets = {band: asset for (band, _), asset in EARTH_SEARCH.collections[0].assets.items()}
    return stac_api(address, collection, assets)


def _more_at_home() -> list[Catalogue]:
    """Return the catalogues that the user of this machine has the means for."""
    found = [PLANETARY_COMPUTER] if find_spec("planetary_computer") else []
    return found + ([COPERNICUS] if all(os.environ.get(key) for key in _KEYS) else [])
