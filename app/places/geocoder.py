"""Places by their names: what the process with the network asks a geocoder, an address like Nominatim's /search.

The answer comes from another server, so nothing in it is trusted: its size, its form, its numbers and its texts.
"""

import json
import math
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from rs_srgan.errors import InputError, ReadError
from rs_srgan.version import __version__

MOST_HITS = 5
# Side of the area around a place that was found by its name, like that of a click on the map.
NAMED_KM = 2.0
LONGEST_NAME = 120
_TIMEOUT_S = 8.0
_MOST_BYTES = 500_000
_KM_PER_DEGREE = 111.32
# Near the poles a square of some kilometres has many degrees of longitude.
_LEAST_COSINE = 0.05


@dataclass(frozen=True)
class Hit:
    """A place that a geocoder found.

    Attributes:
        name: its name, at most LONGEST_NAME characters, without control characters.
        lon: longitude of its middle, -180 to 180 degrees.
        lat: latitude of its middle, -90 to 90 degrees.
    """

    name: str
    lon: float
    lat: float

    def box(self) -> str:
        """Return a square of NAMED_KM around it as text: west south east north in degrees."""
        half = NAMED_KM / 2 / _KM_PER_DEGREE
        across = half / max(_LEAST_COSINE, math.cos(math.radians(self.lat)))
        south, north = max(-90.0, self.lat - half), min(90.0, self.lat + half)
        west, east = ((lon + 180) % 360 - 180 for lon in (self.lon - across, self.lon + across))
        return " ".join(f"{value:.5f}" for value in (west, south, east, north))


def find_names(url: str, words: str) -> list[Hit]:
    """Return the places that a geocoder finds for some words, at most MOST_HITS, the best first.

    Args:
        url: address of its search, for example https://geocoder.example.org/search.
        words: name of a place.

    Raises:
        InputError: it finds nothing.
        ReadError: it does not answer, or with something else.
    """
    import httpx  # comes with Gradio; a process that searches no names need not import it

    host = urlsplit(url).hostname or url
    asked = {"q": words, "format": "jsonv2", "limit": str(MOST_HITS), "accept-language": "en"}
    headers = {"User-Agent": f"rs_srgan/{__version__}", "Accept": "application/json"}
    body = b""
    try:
        with httpx.stream("GET", url, params=asked, headers=headers, timeout=_TIMEOUT_S) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ReadError(f"{host} answers with status {answer.status_code}. Type the area, or click on the map.")
            for part in answer.iter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise ReadError(f"{host} answers with more than {_MOST_BYTES:,} bytes. Type the area instead.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ReadError(
            f"{host} does not answer: {type(error).__name__}. Type the area, or click on the map."
        ) from None
    hits = read_hits(body, host)
    if not hits:
        raise InputError(f"{host} knows no place {words!r:.80}. Try another name, or click on the map.")
    return hits


def read_hits(body: bytes, host: str) -> list[Hit]:
    """Return the usable places in the answer of a geocoder; others are left out.

    Args:
        body: the answer, JSON: a list of objects with display_name, lat and lon.
        host: name of the geocoder, for the error message.

    Raises:
        ReadError: the answer is no such list.
    """
    try:
        listed = json.loads(body)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise ReadError(f"{host} does not answer like Nominatim's search. Type the area, or click on the map.")
    hits = (_hit(each) for each in listed)
    return [hit for hit in hits if hit][:MOST_HITS]


def _hit(told: object) -> Hit | None:
    """Return one place of an answer, or None if its name or its numbers cannot be used."""
    if not isinstance(told, dict):
        return None
    name, lon, lat = (told.get(key) for key in ("display_name", "lon", "lat"))
    if not (isinstance(name, str) and isinstance(lon, str | int | float) and isinstance(lat, str | int | float)):
        return None
    try:
        place = float(lon), float(lat)
    except (ValueError, OverflowError):
        return None
    if not (abs(place[0]) <= 180 and abs(place[1]) <= 90):  # also NaN
        return None
    # control characters, and characters that turn the direction of the text around them
    text = "".join(" " if unicodedata.category(sign).startswith("C") else sign for sign in name[: 4 * LONGEST_NAME])
    text = " ".join(text.split())
    return Hit(text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…", *place) if text else None
