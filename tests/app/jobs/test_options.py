"""The options of the library that a request stands for."""

from pathlib import Path

from app.jobs.options import shared_options
from app.jobs.request import Request


def test_options_are_those_of_the_request():
    request = Request(Path("a.tif"), ("sisr-x4-rgbn",), bbox=(10.0, 46.0, 11.0, 47.0), offset=-1000.0, engine="torch")
    options = shared_options(request)
    assert (options.bbox, options.offset, options.engine) == (request.bbox, -1000.0, "torch")


def test_results_are_made_for_the_map():
    assert shared_options(Request(Path("a.tif"), ("sisr-x4-rgbn",))).cog
