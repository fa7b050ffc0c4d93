"""COPERNICUS: the Copernicus Data Space Ecosystem, ESA's products as JPEG 2000 in its S3 storage.

It needs S3 keys of an account there, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Source:
https://documentation.dataspace.copernicus.eu/APIs/STAC.html and .../APIs/S3.html.
"""

from rs_srgan.catalogues.catalogue import Catalogue, Collection
from rs_srgan.reading.safe_metadata import native_gsd_m
from rs_srgan.sensors import SENTINEL2

_SIZES = (10, 20, 60)

COPERNICUS = Catalogue(
    name="copernicus",
    title="Copernicus Data Space",
    url="https://stac.dataspace.copernicus.eu/v1",
    collections=(
        Collection(
            "sentinel-2-l2a",
            "L2A",
            {
                (name, size): f"{name}_{size}m"
                for name in (*SENTINEL2.band_names, "SCL")
                for size in _SIZES
                if size >= native_gsd_m(name)
            },
            "kept",
            picture="TCI_10m",
        ),
        Collection(
            "sentinel-2-l1c",
            "L1C",
            {(band, native_gsd_m(band)): band for band in SENTINEL2.band_names},
            "kept",
            picture="TCI",
        ),
    ),
    hosts=("s3://eodata",),
    settings={"AWS_S3_ENDPOINT": "eodata.dataspace.copernicus.eu", "AWS_VIRTUAL_HOSTING": "FALSE"},
)
