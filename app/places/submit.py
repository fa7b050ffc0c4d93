"""Jobs for dates of a place: what the tab and tests call."""

import dataclasses
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from app.jobs.models import load_public
from app.jobs.queue import Job, Jobs
from app.jobs.request import MAX_VIEWS, Request
from app.jobs.uploads import link
from app.places.places import Places, Search
from rs_srgan import MISR, SISR, InputError
from rs_srgan.catalogues import Scene, choose_views
from rs_srgan.inference.in_place import wanted_by

# Revisits that are taken if the visitor chooses none.
USUAL_VIEWS = 8


def choose(search: Search, several: bool) -> list[int]:
    """Return the numbers of the scenes that are best: the clearest one, or the best set of revisits.

    Raises:
        InputError: there are not enough clear scenes for revisits.
    """
    scenes = search.scenes
    return [scenes.index(each) for each in (choose_views(scenes, USUAL_VIEWS) if several else scenes[:1])]


def submit_dates(jobs: Jobs, places: Places, search: Search, numbers: Sequence[int], request: Request) -> Job:
    """Read scenes over the network, and put them into the queue; return their job.

    Args:
        jobs: the queue.
        places: the searches.
        search: one of them.
        numbers: numbers of its scenes, the reference first.
        request: the options; its sources and area are replaced.

    Raises:
        InputError: no scene is chosen, more than the model takes, or one cannot be used.
        ReadError: the storage does not answer.
    """
    scenes = [search.scenes[number] for number in numbers if 0 <= number < len(search.scenes)]
    model = _model(*request.pinned[0])
    if not scenes:
        raise InputError("No date is chosen; expected one or more. Choose one of the pictures.")
    if isinstance(model, SISR) and len(scenes) > 1:
        raise InputError(f"{len(scenes)} dates are chosen; {request.models[0]} takes one. Choose several revisits.")
    if isinstance(model, MISR) and not 2 <= len(scenes) <= MAX_VIEWS:
        raise InputError(f"{len(scenes)} dates are chosen; expected 2 to {MAX_VIEWS} for several revisits.")
    products = places.cut(search, scenes, wanted_by(model, len(scenes) > 1))
    with jobs.new_folder() as folder:
        sources = [_keep(product, folder / f"{number}") for number, product in enumerate(products)]
        asked = dataclasses.replace(
            request,
            source=sources[0],
            others=tuple(sources[1:]),
            bbox=search.bbox,
            scenes=tuple(map(_address, scenes)),
            reference=0 if len(scenes) > 1 else None,
        )
        first = scenes[0]
        title = f"{first.tile}, {first.taken:%d %B %Y}"
        return jobs.submit(asked, title, folder, name=f"{first.tile}_{first.taken:%Y%m%d}")


def _keep(product: Path, folder: Path) -> Path:
    """Link a product of the cache, which may be removed, into the folder of a job; return its path there."""
    target = folder / product.name
    target.mkdir(parents=True)
    for file in product.iterdir():
        if file.is_file():
            link(file, target / file.name)
    return target


@lru_cache(maxsize=8)
def _model(name: str, commit: str | None) -> SISR | MISR:
    return load_public(name, commit=commit)


def _address(scene: Scene) -> str:
    return f"{scene.catalogue.url}/collections/{scene.collection.name}/items/{scene.name}"
