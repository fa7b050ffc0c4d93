"""The parts of jobs: how they grow, and what they depend on."""

import dataclasses
from pathlib import Path

import pytest
from affine import Affine

from app.jobs.outlook import Outlook
from app.jobs.parts import laps_of
from app.jobs.request import Request
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL
from rs_srgan.reading.grid import Grid

ONE = Request(Path("a.tif"), (DEFAULT_MODEL,))


def outlook(side: int, scene_px: int = 0) -> Outlook:
    return Outlook(Grid(side, side, None, Affine.identity()), 4, (), side * side, 1, scene_px or side * side)


def seconds(models, request: Request, side: int, **options) -> float:
    return sum(part.seconds for lap in laps_of(request, outlook(side), models, **options).laps for part in lap)


def test_every_model_and_source_has_a_time(models):
    for name in (*models.names(guided=True), *models.names_of_several()):
        for source in ("a.tif", "a.jp2", "a.zip", "MTD_MSIL2A.xml", ""):
            assert seconds(models, Request(Path(source), (name,)), 100) > 0


def test_more_work_takes_longer(models):
    several = dataclasses.replace(ONE, models=(REVISITS_MODEL,))
    more = {
        "pixels": seconds(models, ONE, 400),
        "uncertainty": seconds(models, dataclasses.replace(ONE, uncertainty=True), 200),
        "models": seconds(models, dataclasses.replace(ONE, models=(DEFAULT_MODEL, "sisr-x2-rgbn")), 200),
        "scale": seconds(models, dataclasses.replace(ONE, models=("sisr-x8-rgbn",)), 200),
    }
    assert min(more.values()) > seconds(models, ONE, 200)
    views = dataclasses.replace(several, others=(Path("b.tif"), Path("c.tif")))
    assert seconds(models, views, 200) > seconds(models, several, 200)


def test_a_model_that_is_ready_starts_sooner(models):
    first = laps_of(ONE, outlook(600), models)
    again = seconds(models, ONE, 600, loaded=ONE.models, engine=first.engines[-1])
    before = seconds(models, ONE, 600, loaded=ONE.models, known=[first.laps[3][0].key])
    assert again < before < seconds(models, ONE, 600, loaded=ONE.models) < seconds(models, ONE, 600)


@pytest.mark.parametrize("count", [1, 2])
def test_there_is_a_lap_for_each_time_of_the_worker(models, count):
    request = dataclasses.replace(ONE, models=(DEFAULT_MODEL, "sisr-x2-rgbn")[:count])
    assert len(laps_of(request, outlook(600), models).laps) == 2 + 3 * count + 1


def test_a_part_of_a_large_image_is_computed_like_the_large_image(models):
    """Small images have another engine, with a pace of its own."""
    part, small = (laps_of(ONE, outlook(100, px), models).engines for px in (10**8, 0))
    assert part != small
