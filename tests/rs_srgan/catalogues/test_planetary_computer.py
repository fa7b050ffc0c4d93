import pytest

from rs_srgan.catalogues.planetary_computer import PLANETARY_COMPUTER
from rs_srgan.sensors import SENTINEL2


def test_every_collection_has_every_band():
    for collection in PLANETARY_COMPUTER.collections:
        assert {band for band, _ in collection.assets} >= set(SENTINEL2.band_names)
        assert (("SCL", 20) in collection.assets) == (collection.level == "L2A")


def test_addresses_are_signed_when_they_are_read(monkeypatch):
    planetary_computer = pytest.importorskip("planetary_computer")
    monkeypatch.setattr(planetary_computer, "sign_url", lambda address: f"{address}?sig=1")
    assert PLANETARY_COMPUTER.sign("https://sentinel2l2a01.blob.core.windows.net/B04.tif").endswith("?sig=1")
