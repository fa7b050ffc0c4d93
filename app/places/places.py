"""`Places`: what visitors have searched, and the processes that ask catalogues for them."""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import urlsplit

from app.errors import Gone
from app.jobs.queue import Jobs
from app.places.allowed import allowed_catalogues
from app.places.geocoder import Hit, find_names
from app.places.network import cut_scenes, draw_scene, find_scenes, get_ready
from app.sandbox.reader import Readers, Words
from rs_srgan import InputError
from rs_srgan.catalogues import Scene
from rs_srgan.catalogues.cut import Wanted
from rs_srgan.catalogues.days import find_days
from rs_srgan.catalogues.place import find_place
from rs_srgan.errors import ReadError

logger = logging.getLogger(__name__)

Box = tuple[float, float, float, float]

# Limits of a search: a visitor waits for it, and everything that it needs comes over the server's network.
MOST_KM2 = 400.0
MOST_DAYS = 366
MOST_SCENES = 24
_MOST_SEARCHES, _MOST_NAMES = 200, 500
_LONGEST_WORDS = 200
# Public geocoders ask for at most one request a second.
_BETWEEN_NAMES_SECONDS = 1.0
_SEARCH_SECONDS, _PICTURE_SECONDS, _CUT_SECONDS, _NAME_SECONDS = 120.0, 60.0, 300.0, 20.0
_PROCESSES = 2
_MEMORY_BYTES = 3_000_000_000

GONE = "The server no longer has this search. Search again."
_WORDS = Words(
    "The server is busy with other searches. Try again in a minute.",
    "{name} did not answer within {seconds:.0f} seconds. Try again later, or choose a smaller area.",
    "The process that asked {name} ended unexpectedly. Try again later.",
)


@dataclass
class Search:
    """A search and what it found.

    Attributes:
        id: random text.
        bbox: west, south, east and north, degrees.
        days: first and last day.
        catalogue: title of the catalogue.
        scenes: what was found, the clearest first.
        pictures: WebP pictures of scenes by their number, as far as they were drawn.
        used: time.monotonic() of the last use.
    """

    id: str
    bbox: Box
    days: tuple[date, date]
    catalogue: str
    scenes: list[Scene]
    pictures: dict[int, bytes] = field(default_factory=dict)
    used: float = field(default_factory=time.monotonic)


class Places:
    """The searches of all visitors by id.

    Args:
        jobs: the queue, whose settings name the catalogues.

    Attributes:
        catalogues: the catalogues that visitors can choose, by their titles.
        geocoder: host of the server that finds places by their names; empty for none.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self.catalogues = allowed_catalogues(jobs.settings)
        self._geocoder = jobs.settings.geocoder
        self.geocoder = urlsplit(self._geocoder).hostname or ""
        self._names: dict[str, list[Hit]] = {}
        self._named_at, self._naming = 0.0, Lock()
        self._processes = Readers(None, _PROCESSES, _MEMORY_BYTES, _WORDS)
        self._searches: dict[str, Search] = {}
        self._lock = Lock()
        self._ready: Thread | None = None
        jobs.also_clear.append(self.clear)

    def get_ready(self) -> Thread:
        """Start a process in the background, once: that takes seconds, and the first search must not wait for it."""
        with self._lock:
            if self._ready is None:
                self._ready = Thread(target=self._begin, daemon=True)
                self._ready.start()
            return self._ready

    def _begin(self) -> None:
        with suppress(InputError):  # the first search will say what is wrong
            self._processes.ask("The network", get_ready)

    def search(self, area: str, dates: str, catalogue: str) -> Search:
        """Return the scenes of an area and a time. A search that was asked before is not asked again.

        Args:
            area: "west south east north" in degrees.
            dates: first and last day or month, for example "2024-06/2024-08".
            catalogue: title of a catalogue, one of `catalogues`.

        Raises:
            InputError: the area or the time cannot be used, or nothing was found.
            ReadError: the catalogue does not answer.
        """
        if catalogue not in self.catalogues:
            raise InputError(f"This server does not ask {catalogue!r:.60}; expected {', '.join(self.catalogues)}.")
        bbox, days = box_of(area), find_days(dates)
        if (days[1] - days[0]).days >= MOST_DAYS:
            raise InputError(f"The dates {days[0]} to {days[1]} are more than {MOST_DAYS} days. Choose fewer months.")
        with self._lock:
            for known in self._searches.values():
                if (known.bbox, known.days, known.catalogue) == (bbox, days, catalogue):
                    known.used = time.monotonic()
                    return known
        asked = (self.catalogues[catalogue], bbox, days, MOST_SCENES)
        scenes = self._processes.ask(catalogue, find_scenes, *asked, seconds=_SEARCH_SECONDS)
        found = Search(self._jobs.new_name(), bbox, days, catalogue, scenes)
        with self._lock:
            while len(self._searches) >= _MOST_SEARCHES:
                del self._searches[min(self._searches.values(), key=lambda each: each.used).id]
            self._searches[found.id] = found
        return found

    def look_up(self, words: str) -> list[Hit]:
        """Return the places of a name, the best first. What was asked before is not asked again.

        Raises:
            InputError: the server has no geocoder, the name is empty or too long, or nothing was found.
            ReadError: the geocoder does not answer.
        """
        words = " ".join(words[: 2 * _LONGEST_WORDS].split())
        if not self.geocoder:
            raise InputError("This server finds no places by name. Click on the map, or type the area in degrees.")
        if not 0 < len(words) <= _LONGEST_WORDS:
            raise InputError(f"The name has {len(words)} characters; expected 1 to {_LONGEST_WORDS}. Type a place.")
        with self._naming:
            if words not in self._names:
                time.sleep(max(0.0, self._named_at + _BETWEEN_NAMES_SECONDS - time.monotonic()))
                self._named_at = time.monotonic()
                found = self._processes.ask(self.geocoder, find_names, self._geocoder, words, seconds=_NAME_SECONDS)
                self._names[words] = found
                if len(self._names) > _MOST_NAMES:
                    del self._names[next(iter(self._names))]
            return self._names[words]

    def get(self, name: str) -> Search:
        """Return a search by its id.

        Raises:
            Gone: the server does not have it, or no longer has it.
        """
        with self._lock:
            found = self._searches.get(name)
            if found is None:
                raise Gone(GONE)
            found.used = time.monotonic()
        return found

    def picture(self, search: Search, number: int) -> bytes:
        """Return a picture of a scene over the area as WebP.

        Raises:
            Gone: the search has no such scene.
            InputError: the picture cannot be read.
        """
        if not 0 <= number < len(search.scenes):
            raise Gone(GONE)
        if number not in search.pictures:
            scene = search.scenes[number]
            drawn = self._processes.ask(search.catalogue, draw_scene, scene, seconds=_PICTURE_SECONDS)
            search.pictures[number] = drawn
        return search.pictures[number]

    def cut(self, search: Search, scenes: Sequence[Scene], wanted: Wanted) -> list[Path]:
        """Read what a model needs of scenes; return the folders of small products, which the server removes later.

        Raises:
            InputError: a scene lacks a band.
            ReadError: the storage does not answer.
        """
        cache = self._jobs.settings.folder / "scenes"
        return self._processes.ask(search.catalogue, cut_scenes, scenes, wanted, cache, seconds=_CUT_SECONDS)

    def clear(self, keep: float) -> None:
        """Forget the searches that were not used for more than `keep` seconds."""
        oldest = time.monotonic() - keep
        with self._lock:
            self._searches = {name: each for name, each in self._searches.items() if each.used >= oldest}

    def close(self) -> None:
        """End the processes."""
        self._processes.close()


def box_of(area: str) -> Box:
    """Return the area that a visitor typed or drew, checked: west, south, east and north in degrees.

    Raises:
        InputError: no four numbers, no area on the Earth, or one that is too large.
    """
    try:
        west, south, east, north = (float(part) for part in area[:200].replace(",", " ").split())
    except ValueError:
        raise InputError(
            f"The area is {area!r:.80}; expected four numbers, west south east north in degrees. Click on the map."
        ) from None
    place = find_place((west, south, east, north))
    size = place.area_km2()
    if size > MOST_KM2:
        raise InputError(
            f"The area has {size:,.0f} square kilometres; this server reads at most {MOST_KM2:.0f}. Choose a smaller "
            "one, or use the command line: rs-srgan predict stac:earth-search."
        )
    return west, south, east, north


def is_silence(error: InputError) -> bool:
    """Return whether an error only says that a catalogue did not answer."""
    return isinstance(error, ReadError)
