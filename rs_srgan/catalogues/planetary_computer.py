"""PLANETARY_COMPUTER: Microsoft's Planetary Computer, Sentinel-2 L2A as Cloud Optimized GeoTIFFs on Azure.

Source: https://planetarycomputer.microsoft.com/dataset/sentinel-2-l2a.
"""

from rs_srgan.catalogues.catalogue import Catalogue, Collection
from rs_srgan.errors import require_extra
from rs_srgan.reading.safe_metadata import native_gsd_m
from rs_srgan.sensors import SENTINEL2


def sign(address: str) -> str:
    """Return an address with a signature, which is valid for about an hour.

    Raises:
        InputError: the package that signs is not installed.
    """
    require_extra("planetary_computer", "Images of the Planetary Computer", extra="stac")
    import planetary_computer

    signed: str = planetary_computer.sign_url(address)
    return signed


PLANETARY_COMPUTER = Catalogue(
    name="planetary-computer",
    title="Planetary Computer",
    url="https://planetarycomputer.microsoft.com/api/stac/v1",
    collections=(
        Collection(
            "sentinel-2-l2a",
            "L2A",
            {(band, native_gsd_m(band)): band for band in SENTINEL2.band_names} | {("SCL", 20): "SCL"},
            "kept",
            thumbnail="rendered_preview",
        ),
    ),
    hosts=("https://sentinel2l2a01.blob.core.windows.net",),
    sign=sign,
)
