"""What the process with the network does: it asks catalogues and reads their images."""

import io
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rs_srgan.catalogues import Catalogue, Scene, search
from rs_srgan.catalogues.cut import Wanted, cut_out
from rs_srgan.catalogues.picture import scene_picture

# Longest waits for one answer; visitors wait in front of the page.
_TIMEOUT_S = 15.0
_PICTURE_PX = 320


def get_ready() -> None:
    """Import what a search needs, so that the first one need not wait for it."""
    import pystac_client  # noqa: F401


def find_scenes(
    catalogue: Catalogue, bbox: tuple[float, float, float, float], days: tuple[date, date], limit: int
) -> list[Scene]:
    """Return the scenes of a place and a time, the clearest first; see `search`.

    Raises:
        InputError: nothing was found.
        ReadError: the catalogue does not answer.
    """
    return search(bbox, days, catalogue, limit=limit, timeout_s=_TIMEOUT_S)


def draw_scene(scene: Scene) -> bytes:
    """Return a picture of a scene over its place as WebP.

    Raises:
        InputError: the scene lacks colours.
        ReadError: the storage does not answer.
    """
    target = io.BytesIO()
    scene_picture(scene, _PICTURE_PX, _TIMEOUT_S).save(target, "WEBP", quality=80, method=2)
    return target.getvalue()


def cut_scenes(scenes: Sequence[Scene], wanted: Wanted, cache: Path) -> list[Path]:
    """Read what a model needs of scenes into the cache; return the folders of small products, see `cut_out`.

    Raises:
        InputError: a scene lacks a band.
        ReadError: the storage does not answer.
    """
    os.environ["RS_SRGAN_CACHE"] = str(cache)
    return cut_out(scenes, wanted, _TIMEOUT_S)
