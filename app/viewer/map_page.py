"""A finished job as a leafmap page: two of its layers on a map, and a line between them."""

from functools import cache
from threading import Thread
from urllib.parse import urlencode

from app.jobs.queue import Job
from app.jobs.views import count_used, read_views
from app.viewer.colours import Style, shown_bands
from app.viewer.describe import layer_names
from app.viewer.layers import View
from app.viewer.tiles import EARTH, earth_zooms
from rs_srgan import InputError
from rs_srgan.maps.web_tiles import has_place, lon_lat_bounds


def map_page(job: Job, view: View, style: Style, sides: tuple[str, str], base_map: str) -> str:
    """Return the page with the map of a job, whose tiles are beside it.

    Args:
        job: the job.
        view: its layers.
        style: colours of the tiles.
        sides: the layers left and right of the line.
        base_map: address of the map tiles below them, "" for none.

    Raises:
        InputError: the result has no place on a map, or lacks a layer or a band.
    """
    from rs_srgan.maps.swipe_map import BESIDE_PAGE, SwipeMap, TileLayer

    if not has_place(view.grid):
        raise InputError("This image has no place on a map. Look at it in the viewer.")
    unknown = [side for side in sides if side not in view.layers]
    if unknown:
        raise InputError(f"There is no layer {unknown[0]!r:.40}; expected one of {', '.join(view.layers)}.")
    shown_bands(view, style)
    names, query = layer_names(view, job, count_used(read_views(job.folder))), urlencode(vars(style))
    titles = [names[side] for side in sides]
    if titles[0] == titles[1]:
        titles[1] += " (right)"
    bounds, (zoom, _) = lon_lat_bounds(view.grid), earth_zooms(view)
    layers = [
        TileLayer(title, f"{BESIDE_PAGE}tiles/{EARTH}/{side}/{{z}}/{{x}}/{{y}}.webp?{query}", bounds, zoom)
        for title, side in zip(titles, sides, strict=True)
    ]
    return SwipeMap(layers[0], layers[1], base_map=base_map or None).to_html(title=job.label)


@cache
def get_ready() -> Thread:
    """Import leafmap in the background, once: it takes seconds, and the first visitor must not wait for it."""
    thread = Thread(target=_import, daemon=True)
    thread.start()
    return thread


def _import() -> None:
    import rs_srgan.maps.swipe_map  # noqa: F401
