"""The command, the Python lines and the map that make a visitor's result again, at home."""

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from app.jobs.request import Request


def command(request: Request, images: Sequence[str], masks: Sequence[str] = ()) -> str:
    """For a terminal, in the folder that holds the input; one line for each model.

    Args:
        request: what was asked.
        images: their names, the reference first; only the first model takes all of them.
        masks: names of theirs, "-" for none.
    """
    return "\n".join(shlex.join(_words(request, images, masks, index)) for index in range(len(request.models)))


def _words(request: Request, images: Sequence[str], masks: Sequence[str], index: int) -> list[str]:
    title, *others = images
    words = ["rs-srgan", "predict", *([title] if index else images)]
    words += ["-o", _target(title, request.models[index]), "--model", request.models[index]]
    if others and index == 0:
        words += ["--reference", title]
        if request.masks:
            words += ["--masks", *masks]
    if request.bbox:
        words += ["--bbox", *map(repr, request.bbox)]
    if request.aoi:
        words += ["--aoi", request.aoi.name]
    if request.detail is not None and index == 0:
        words += ["--detail", f"{request.detail:g}"]
    if request.offset is not None:
        words += ["--offset", f"{request.offset:g}"]
    if request.engine != "auto":
        words += ["--engine", request.engine]
    if request.uncertainty and index == 0:
        words += ["--uncertainty", _target(title, "uncertainty")]
    return [*words, "--cog"]


def snippet(request: Request, images: Sequence[str], masks: Sequence[str] = ()) -> str:
    """For Python; see `command`."""
    title, *others = images
    lines = ["from rs_srgan import super_resolve", ""]
    for index, model in enumerate(request.models):
        source = repr(list(images)) if others and index == 0 else repr(title)
        arguments = [source, repr(_target(title, model)), repr(model)]
        if others and index == 0:
            arguments.append("reference=0")
            if request.masks:
                arguments.append(f"masks={list(masks)!r}")
        if request.bbox:
            arguments.append(f"bbox={request.bbox!r}")
        if request.aoi:
            arguments.append(f"aoi={request.aoi.name!r}")
        if request.detail is not None and index == 0:
            arguments.append(f"detail={request.detail:g}")
        if request.offset is not None:
            arguments.append(f"offset={request.offset:g}")
        if request.engine != "auto":
            arguments.append(f"engine={request.engine!r}")
        if request.uncertainty and index == 0:
            arguments.append(f"uncertainty={_target(title, 'uncertainty')!r}")
        lines.append("super_resolve(\n    " + ",\n    ".join([*arguments, "cog=True"]) + ",\n)")
    return "\n".join(lines)


def notebook(title: str, address: str, bounds: tuple[float, float, float, float]) -> str:
    """For a notebook with leafmap: the same tiles beside other data. `address` is that of the job."""
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


def _target(title: str, what: str) -> str:
    stem = PurePath(title).stem
    return f"{stem}_{what.replace('/', '_')}.tif"
