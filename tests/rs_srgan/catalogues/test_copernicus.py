from rs_srgan.catalogues.copernicus import COPERNICUS
from rs_srgan.sensors import SENTINEL2


def test_every_collection_has_every_band():
    for collection in COPERNICUS.collections:
        assert {band for band, _ in collection.assets} >= set(SENTINEL2.band_names)
        assert (("SCL", 20) in collection.assets) == (collection.level == "L2A")
