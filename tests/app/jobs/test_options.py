"""The options of the library that a request stands for."""

from pathlib import Path

from app.jobs.options import shared_options
from app.jobs.request import Request
from rs_srgan.reading.stated import Stated


def test_options_are_those_of_the_request():
    stated = Stated(-1000.0, 1e-4, "none", ("B02", "-"))
    box = (10.0, 46.0, 11.0, 47.0)
    request = Request(Path("a.tif"), ("sisr-x4-rgbn",), stated=stated, soften=True, bbox=box, engine="torch")
    options = shared_options(request)
    assert (options.bbox, options.soften, options.engine) == (box, True, "torch")
    assert options.stated() == stated


def test_results_are_made_for_the_map():
    assert shared_options(Request(Path("a.tif"), ("sisr-x4-rgbn",))).cog
