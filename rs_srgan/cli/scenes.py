"""`rs-srgan scenes`: the scenes of a place and a time, as a table and a contact sheet."""

import argparse
import json
import sys
from collections.abc import Sequence

from rs_srgan.catalogues import Scene
from rs_srgan.catalogues.contact_sheet import check_sheet, write_contact_sheet
from rs_srgan.cli.option_arguments import add_option
from rs_srgan.cli.place_options import add_place_options, found_scenes
from rs_srgan.errors import InputError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rs-srgan scenes` to a parser."""
    parser.add_argument(
        "source",
        nargs="?",
        default="stac:earth-search",
        metavar="stac:NAME",
        help="stac:earth-search (the default), stac:planetary-computer, stac:copernicus, stac:ADDRESS of another STAC "
        "API, or the address of an item",
    )
    add_option(parser, "bbox")
    add_option(parser, "aoi")
    add_place_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--picture", metavar="P.png", help="write a contact sheet, too")


def run(options: argparse.Namespace) -> None:
    """List the scenes, the clearest over the area first.

    Raises:
        InputError: nothing was found, or an argument is missing or wrong.
    """
    if options.bbox is not None and options.aoi is not None:
        raise InputError("Give a bounding box (--bbox) or an area of interest (--aoi), not both.")
    if options.picture:
        check_sheet(options.picture)
    scenes = found_scenes(options, options.source)
    listed = [_facts(scene) for scene in scenes]
    sys.stdout.write(f"{json.dumps(listed, indent=1)}\n" if options.json else _table(scenes))
    if options.picture:
        write_contact_sheet(scenes, options.picture)


def _facts(scene: Scene) -> dict[str, object]:
    return {
        "id": scene.name,
        "collection": scene.collection.name,
        "taken": scene.taken.isoformat(),
        "platform": scene.platform,
        "tile": scene.tile,
        "orbit": scene.orbit,
        "baseline": scene.baseline,
        "cloud": None if scene.cloud is None else round(scene.cloud, 4),
        "covered": round(scene.covered, 4),
        "thumbnail": scene.thumbnail,
    }


def _table(scenes: Sequence[Scene]) -> str:
    """Return a table for people: shares in percent of the area."""
    rows = [("date", "platform", "tile", "orbit", "baseline", "cloud", "covered", "item")]
    for scene in scenes:
        cloud = "?" if scene.cloud is None else f"{100 * scene.cloud:.0f} %"
        orbit = "?" if scene.orbit is None else f"{scene.orbit:03d}"
        facts = (f"{scene.taken:%Y-%m-%d}", scene.platform, scene.tile, orbit, scene.baseline or "?", cloud)
        rows.append((*facts, f"{100 * scene.covered:.0f} %", scene.name))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
