"""A STAC API on loopback with one acquisition, and a cache of its own for each test."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from rs_srgan.catalogues import Catalogue, stac_api
from tests.rs_srgan.catalogues.products import EARTH_SEARCH_NAMES, RGBN, add_item, land
from tests.rs_srgan.catalogues.server import StacLookalike

# the extra `stac`
collect_ignore_glob = [] if find_spec("pystac_client") else ["test_*.py"]

NAMES = {band: EARTH_SEARCH_NAMES[band] for band in (*RGBN, "SCL")}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RS_SRGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def stac(tmp_path: Path) -> Iterator[StacLookalike]:
    server = StacLookalike(tmp_path / "images")
    yield server
    server.stop()


@pytest.fixture
def catalogue(stac: StacLookalike) -> Catalogue:
    return stac_api(stac.url, "sentinel-2-c1-l2a", NAMES)


@pytest.fixture
def item(stac: StacLookalike) -> dict[str, Any]:
    """The item of an acquisition of 600 x 600 pixels of 10 m, which the server has."""
    made = add_item(stac.images, stac.url, land(600, 600))
    stac.items.append(made)
    return made
