"""EARTH_SEARCH: Element 84's Earth Search v1, Sentinel-2 as Cloud Optimized GeoTIFFs on AWS.

Source: https://element84.com/earth-search and the collections that its API describes.
"""

from rs_srgan.catalogues.catalogue import Catalogue, Collection

_BANDS = {
    ("B01", 60): "coastal",
    ("B02", 10): "blue",
    ("B03", 10): "green",
    ("B04", 10): "red",
    ("B05", 20): "rededge1",
    ("B06", 20): "rededge2",
    ("B07", 20): "rededge3",
    ("B08", 10): "nir",
    ("B8A", 20): "nir08",
    ("B09", 60): "nir09",
    ("B11", 20): "swir16",
    ("B12", 20): "swir22",
}

EARTH_SEARCH = Catalogue(
    name="earth-search",
    title="Earth Search",
    url="https://earth-search.aws.element84.com/v1",
    collections=(
        Collection("sentinel-2-c1-l2a", "L2A", {**_BANDS, ("SCL", 20): "scl"}, "kept"),
        # Its pixels have had the offset taken out since January 2022, although raster:bands states -0.1.
        Collection("sentinel-2-l2a", "L2A", {**_BANDS, ("SCL", 20): "scl"}, "removed"),
        # JPEG 2000 of ESA in a bucket whose readers pay: needs AWS credentials and AWS_REQUEST_PAYER=requester.
        Collection("sentinel-2-l1c", "L1C", _BANDS, "kept"),
    ),
    hosts=(
        "https://e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
        "https://sentinel-cogs.s3.us-west-2.amazonaws.com",
        "s3://sentinel-s2-l1c",
    ),
    settings={"AWS_REGION": "eu-central-1"},
)
