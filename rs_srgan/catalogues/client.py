"""Questions to a STAC API, with pystac-client."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rs_srgan.catalogues.catalogue import Catalogue, Collection
from rs_srgan.catalogues.days import Days
from rs_srgan.catalogues.place import Place
from rs_srgan.errors import InputError, ReadError, require_extra

if TYPE_CHECKING:
    import pystac
    from pystac_client import Client
    from pystac_client.exceptions import APIError

logger = logging.getLogger(__name__)

# More scenes than anybody looks through: three years of one place with two satellites.
MOST_ITEMS = 500
_PAGE_ITEMS = 100
_RETRIES = 3
_RETRIED = (429, 500, 502, 503, 504)
# Answers of servers that know searches by GET only.
_NO_POST = (404, 405, 501)


def find_items(
    catalogue: Catalogue, collection: Collection, place: Place, days: Days, timeout_s: float
) -> "list[pystac.Item]":
    """Return the items of a collection that intersect a place, at most MOST_ITEMS of them.

    Args:
        catalogue: the catalogue.
        collection: one of its collections.
        place: the place.
        days: first and last day.
        timeout_s: seconds to wait for each answer.

    Raises:
        ReadError: the catalogue does not answer, or with something else than STAC.
        InputError: the catalogue refuses the question.
    """
    first, last = days
    search = {
        "collections": [collection.name],
        "intersects": place.outline.__geo_interface__,
        "datetime": f"{first}T00:00:00Z/{last}T23:59:59Z",
        "max_items": MOST_ITEMS + 1,
        "limit": _PAGE_ITEMS,
    }
    with _asking(catalogue, timeout_s) as client:
        from pystac_client.exceptions import APIError

        try:
            found = list(client.search(**search).items())
        except APIError as error:
            if _status(error) not in _NO_POST:
                raise
            logger.info("%s takes no search by POST; searching by GET.", catalogue.title)
            found = list(client.search(method="GET", **search).items())
    if len(found) > MOST_ITEMS:
        logger.warning(
            "%s has more than %d scenes of this place and time; the others are left out. Choose fewer days.",
            *(catalogue.title, MOST_ITEMS),
        )
    return found[:MOST_ITEMS]


def read_item(catalogue: Catalogue, address: str, timeout_s: float) -> "pystac.Item":
    """Read one item by its address.

    Raises:
        ReadError: see `find_items`.
    """
    import pystac

    with _asking(catalogue, timeout_s, opened=False) as client:
        return pystac.Item.from_file(address, stac_io=client)  # type: ignore[arg-type]  # a StacApiIO


@contextmanager
def _asking(catalogue: Catalogue, timeout_s: float, opened: bool = True) -> "Iterator[Client]":
    """Open a catalogue within a `with` block, and turn errors of the block into those of this package."""
    require_extra("pystac_client", "Catalogues", extra="stac")
    import requests
    import urllib3
    from pystac_client import Client
    from pystac_client.exceptions import APIError
    from pystac_client.stac_api_io import StacApiIO

    retries = urllib3.Retry(
        total=_RETRIES, backoff_factor=0.3, status_forcelist=_RETRIED, allowed_methods=None, raise_on_status=False
    )
    answers = StacApiIO(max_retries=retries, timeout=timeout_s)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pystac-client warns of conformance classes that it does not need
            asked = Client.open(catalogue.url, stac_io=answers, timeout=timeout_s) if opened else answers
            yield asked  # type: ignore[misc]  # a StacApiIO for read_item
    except APIError as error:
        raise _refused(catalogue, _status(error), str(error)) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ReadError(
            f"{catalogue.title} at {catalogue.url} did not answer ({type(error).__name__}). Check the network, or try "
            "again later."
        ) from None
    except InputError:
        raise
    except Exception as error:  # of a dozen classes, as pystac and pystac-client take a wrong answer
        raise ReadError(
            f"{catalogue.url} answered with something else than STAC ({type(error).__name__}). Check the address."
        ) from None
    finally:
        answers.session.close()


def _status(error: "APIError") -> int | None:
    """Return the status of an answer; None if there was no answer, for which pystac-client sets no attribute."""
    return getattr(error, "status_code", None)


def _refused(catalogue: Catalogue, status: int | None, message: str) -> InputError:
    if status is None:
        return ReadError(f"{catalogue.title} at {catalogue.url} did not answer. Check the network, or try again later.")
    if status >= 500 or status == 429:
        return ReadError(f"{catalogue.title} answered with status {status}. Try again later.")
    detail = " ".join(message.split())[:200]
    return InputError(
        f"{catalogue.title} refused the search with status {status} ({detail}). Check address and access."
    )
