"""A STAC API on loopback with three dates of one place, and the searches of a server that may ask it."""

import dataclasses
from importlib.util import find_spec

import pytest

from app.places.places import Places
from tests.rs_srgan.catalogues.products import CLOUD, add_item, box_of, land
from tests.rs_srgan.catalogues.server import StacLookalike

# the extra `stac`
collect_ignore_glob = [] if find_spec("pystac_client") else ["test_*.py"]

DAYS = ("2024-07-02", "2024-07-07", "2024-07-12")
CLOUDY = 1  # the second date


@pytest.fixture(scope="session")
def stac(tmp_path_factory):
    server = StacLookalike(tmp_path_factory.mktemp("stac"))
    for number, day in enumerate(DAYS):
        pixels = land(400, 400, seed=number)
        if number == CLOUDY:
            pixels["SCL"][:] = CLOUD
        server.items.append(add_item(server.images, server.url, pixels, day=day, orbit=79 + number))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def area(stac) -> str:
    return " ".join(f"{value:.5f}" for value in box_of(stac.items[0], 160, 160, 40, 40))


@pytest.fixture(scope="session")
def title(stac) -> str:
    return stac.url.removeprefix("http://")


@pytest.fixture(scope="session")
def session_places(session_jobs, stac):
    """One pool of processes for all tests: they take seconds to start."""
    usual = session_jobs.settings
    session_jobs.settings = dataclasses.replace(usual, catalogues=(f"{stac.url}@sentinel-2-c1-l2a",))
    places = Places(session_jobs)
    session_jobs.settings = usual
    yield places
    places.close()


@pytest.fixture
def places(session_places, jobs):
    """The searches without any."""
    session_places.clear(0)
    return session_places
