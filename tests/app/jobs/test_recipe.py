"""The command and the Python lines for visitors give the same result as the app."""

import os
import shlex
import sys
import types
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import rasterio

from app.jobs.recipe import command, notebook, snippet
from app.jobs.request import Request
from app.jobs.worker import compute
from rs_srgan.cli.main import main
from rs_srgan.reading.stated import Stated
from tests.conftest import scene_dn


def requests(source):
    box = (10.3, 46.04, 10.304, 46.045)
    yield Request(source, ("sisr-x4-rgbn",), uncertainty=True)
    yield Request(source, ("srgan-x4-rgbn",), detail=0.5, stated=Stated(offset=-1000.0), engine="torch")
    yield Request(source, ("sisr-x2-rgbn", "sisr-x4-rgbn"), bbox=box)


def test_only_changed_options_are_shown():
    request = Request(Path("a b.tif"), ("sisr-x4-rgbn",), stated=Stated(offset=-1000.0))
    assert command(request, ["a b.tif"]) == (
        "rs-srgan predict 'a b.tif' -o 'a b_sisr-x4-rgbn.tif' --model sisr-x4-rgbn --cog --offset -1000"
    )
    assert "offset=-1000,\n" in snippet(request, ["a b.tif"])
    assert "engine" not in snippet(request, ["a b.tif"])


def test_scenes_of_a_catalogue_are_named_by_their_addresses():
    addresses = ("https://a.example/v1/collections/c/items/S2A_1", "https://a.example/v1/collections/c/items/S2A_2")
    request = Request(
        Path("S2A_1"), ("misr-x4-rgbn", "sisr-x4-rgbn"), others=(Path("S2A_2"),), bbox=(1, 2, 3, 4), scenes=addresses
    )
    several, one = command(request, ["S2A_1", "S2A_2"]).splitlines()
    assert several.startswith(f"rs-srgan predict {addresses[0]} {addresses[1]} -o ") and "--bbox 1 2 3 4" in several
    assert one.startswith(f"rs-srgan predict {addresses[0]} -o ")
    lines = snippet(request, ["S2A_1", "S2A_2"])
    compile(lines, "snippet", "exec")
    assert lines.count("open_item(") == 3 and "from rs_srgan.catalogues import open_item" in lines


def test_first_model_takes_all_images_and_the_second_one_the_reference():
    request = Request(Path("a.tif"), ("misr-x4-rgbn", "sisr-x4-rgbn"), others=(Path("b.tif"),), masks=(None, Path("m")))
    several, one = command(request, ["a.tif", "b.tif"], ["-", "m.tif"]).splitlines()
    assert several.endswith("--masks - m.tif --reference a.tif --cog")
    assert one == "rs-srgan predict a.tif -o a_sisr-x4-rgbn.tif --model sisr-x4-rgbn --cog"


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("how", ["command", "snippet"])
def test_command_and_snippet_give_the_same_pixels(write_tif, tmp_path, monkeypatch, index, how):
    source = write_tif(scene_dn(70, 90) + np.uint16(1000), "l'été.tif")
    request = list(requests(source))[index]
    made, again = tmp_path / "made", tmp_path / "again"
    made.mkdir()
    again.mkdir()
    list(compute(request, made))
    os.link(source, again / source.name)
    monkeypatch.chdir(again)
    if how == "command":
        for line in command(request, [source.name]).splitlines():
            program, *arguments = shlex.split(line)
            assert program == "rs-srgan"
            assert main(arguments) == 0
    else:
        exec(snippet(request, [source.name]), {})
    results = sorted(path for path in made.iterdir() if path.name != "lr.tif")
    copies = sorted(path for path in again.iterdir() if path.name != source.name)
    assert len(results) == len(copies)
    contents = [[], []]
    for content, paths in zip(contents, (results, copies), strict=True):
        for path in paths:
            with rasterio.open(path) as dataset:
                content.append(dataset.read().tobytes())
    assert sorted(contents[0]) == sorted(contents[1])


def test_the_lines_for_a_notebook_run():
    title = 'l\'été "x".tif'
    added = {}

    class Map:
        """The interface of leafmap's Map."""

        def __init__(self, center, zoom, style):
            added["center"], added["style"] = center, style

        def add_tile_layer(self, url, name, attribution):
            added[name] = url

        def add_layer_control(self):
            pass

    text = notebook(title, "http://localhost:7860/jobs/abc", (10.0, 46.0, 10.5, 46.5))
    leafmap = types.SimpleNamespace(Map=Map)
    with patch.dict(sys.modules, {"leafmap": types.SimpleNamespace(maplibregl=leafmap), "leafmap.maplibregl": leafmap}):
        exec(compile(text, "notebook", "exec"), {})
    assert added["center"] == (10.25, 46.25)
    assert added["style"]["layers"] == []  # leafmap's own style is loaded from another server
    for layer in ("input", "sr"):
        tiles = f"http://localhost:7860/jobs/abc/tiles/earth/{layer}/{{z}}/{{x}}/{{y}}.webp?composite=True+colour"
        assert added[f"{layer} of {title}"] == tiles
