"""The command, the Python lines and the map that repeat a visitor's result at home."""

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import PurePath

from app.jobs.options import shared_options
from app.jobs.request import Request
from rs_srgan.inference.options import PredictOptions


def command(request: Request, images: Sequence[str], masks: Sequence[str] = (), stem: str = "") -> str:
    """Return one line for each model, for a terminal in the folder that holds the images.

    Args:
        request: the visitor's request.
        images: names of the images, the reference first; only the first model takes all of them.
        masks: names of their masks, "-" for none.
        stem: beginning of the names of the results; empty for that of the first image.
    """
    lines, stem = [], stem or PurePath(images[0]).stem
    for index, model in enumerate(request.models):
        sources = images[:1] if index else images
        words = ["rs-srgan", "predict", *(request.scenes[: len(sources)] or sources)]
        words += ["-o", _target(stem, model), "--model", model]
        lines.append(shlex.join([*words, *_options(request, images, masks, stem, index).arguments()]))
    return "\n".join(lines)


def snippet(request: Request, images: Sequence[str], masks: Sequence[str] = (), stem: str = "") -> str:
    """Return the same for Python; see `command`."""
    lines, stem = ["from rs_srgan import super_resolve", ""], stem or PurePath(images[0]).stem
    if request.scenes:
        lines[1:1] = ["from rs_srgan.catalogues import open_item"]
    for index, model in enumerate(request.models):
        source = images[0] if index or len(images) == 1 else list(images)
        words = [repr(source), repr(_target(stem, model)), repr(model)]
        if request.scenes:
            opened = [f"open_item({address!r}, {request.bbox})" for address in request.scenes]
            words[0] = opened[0] if index or len(images) == 1 else f"[{', '.join(opened)}]"
        words += _options(request, images, masks, stem, index).keywords()
        lines.append("super_resolve(\n    " + ",\n    ".join(words) + ",\n)")
    return "\n".join(lines)


def _options(request: Request, images: Sequence[str], masks: Sequence[str], stem: str, index: int) -> PredictOptions:
    """Return the options of one model, with the names that files have at the visitor's home."""
    options, first = shared_options(request), index == 0
    several = first and len(images) > 1
    return dataclasses.replace(
        options,
        masks=tuple(masks) if several and request.masks else None,
        reference=images[0] if several else None,
        aoi=request.aoi.name if request.aoi else None,
        detail=request.detail if first else None,
        uncertainty=_target(stem, "uncertainty") if first and request.uncertainty else None,
    )


def notebook(title: str, address: str, bounds: tuple[float, float, float, float]) -> str:
    """Return lines for a notebook with leafmap, which shows the job's tiles beside other data.

    Args:
        title: name of the image.
        address: address of the job.
        bounds: west, south, east and north of the image, degrees.
    """
    west, south, east, north = bounds
    return (
        "import leafmap.maplibregl as leafmap\n\n"
        'nothing = {"version": 8, "sources": {}, "layers": []}  # or a base map: "positron"\n'
        f"m = leafmap.Map(center=({(west + east) / 2:.5f}, {(south + north) / 2:.5f}), zoom=13, style=nothing)\n"
        'for layer in ("input", "sr"):\n'
        f'    tiles = f"{address}/tiles/earth/{{layer}}/{{{{z}}}}/{{{{x}}}}/{{{{y}}}}.webp?composite=True+colour"\n'
        f'    name = f"{{layer}} of " + {title!r}\n'
        '    m.add_tile_layer(tiles, name=name, attribution="Contains modified Copernicus Sentinel data")\n'
        "m.add_layer_control()\n"
        "m"
    )


def _target(stem: str, what: str) -> str:
    return f"{stem}_{what.replace('/', '_')}.tif"
