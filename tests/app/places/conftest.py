"""The searches of a server that may ask the STAC API on loopback."""

import dataclasses
import shutil
from importlib.util import find_spec

import pytest

from app.places.places import Places

# the extra `stac`
collect_ignore_glob = [] if find_spec("pystac_client") else ["test_*.py"]


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
    yield session_places
    shutil.rmtree(jobs.settings.folder / "scenes", ignore_errors=True)  # other tests expect an empty folder
