"""A Hub of our own for every test in here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rs_srgan.hub.address import SOCKET
from tests.rs_srgan.hub.server import OWNER, HubLookalike


@pytest.fixture(scope="session")
def _server() -> Iterator[HubLookalike]:
    server = HubLookalike(SOCKET)
    yield server
    server.stop()


@pytest.fixture
def hub(_server: HubLookalike, monkeypatch: pytest.MonkeyPatch) -> HubLookalike:
    """Empty, without faults; nobody is logged in."""
    _server.reset()
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return _server


@pytest.fixture
def logged_in(hub: HubLookalike, monkeypatch: pytest.MonkeyPatch) -> str:
    """The token of an organisation's owner, where `hf auth login` or HF_TOKEN leaves it."""
    monkeypatch.setenv("HF_TOKEN", OWNER)
    return OWNER


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def files(model_folder: Path) -> dict[str, bytes]:
    """Of a small model that works."""
    return {path.name: path.read_bytes() for path in model_folder.iterdir()}
