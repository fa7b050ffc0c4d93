import dataclasses

import pytest

from app.jobs.queue import DONE
from app.jobs.request import make_revisits_request
from app.places.submit import choose, submit_dates
from rs_srgan import InputError
from rs_srgan.hub.names import REVISITS_MODEL
from tests.app.conftest import REQUEST, end


@pytest.fixture
def search(places, area, title):
    return places.search(area, "2024-07/2024-07", title)


def test_the_clearest_date_becomes_a_job_of_the_area_only(jobs, places, search):
    assert choose(search, several=False) == [0]
    job = submit_dates(jobs, places, search, [0], dataclasses.replace(REQUEST, uncertainty=True))
    assert jobs.wait(job, 60) and job.state == DONE, job.message
    assert job.request.bbox == search.bbox and job.stem == "33TWL_20240712"
    assert 38 <= job.outlook.grid.height <= 42 and "1000" in job.outlook.images[0].reflectance
    assert job.request.scenes[0].endswith("/items/" + search.scenes[0].name)
    assert job.folder in job.request.source.parents  # the cache may be cleared


def test_clear_revisits_become_a_job(jobs, models, places, search):
    numbers = choose(search, several=True)
    assert numbers == [0, 1]  # the third one is cloudy
    job = submit_dates(jobs, places, search, numbers, make_revisits_request(models, REVISITS_MODEL))
    assert len(job.request.sources) == 2 and job.request.reference == 0
    end(jobs, job)


@pytest.mark.parametrize(("numbers", "model"), [([], "one"), ([7], "one"), ([0, 1], "one"), ([0], "several")])
def test_a_number_of_dates_that_the_model_does_not_take_is_refused(jobs, models, places, search, numbers, model):
    request = REQUEST if model == "one" else make_revisits_request(models, REVISITS_MODEL)
    with pytest.raises(InputError, match="chosen"):
        submit_dates(jobs, places, search, numbers, request)
