"""Catalogues: scenes by a place and a time, read in place from Cloud Optimized GeoTIFFs or JPEG 2000.

>>> from rs_srgan import super_resolve
>>> from rs_srgan.catalogues import search
>>> scenes = search((14.0, 45.0, 14.02, 45.02), "2024-06-01/2024-08-31")   # doctest: +SKIP
>>> super_resolve(scenes[0], "place_x4.tif")                               # doctest: +SKIP
"""

from rs_srgan.catalogues.catalogue import Catalogue, Collection
from rs_srgan.catalogues.known import CATALOGUES, find_catalogue, stac_api
from rs_srgan.catalogues.place import Place
from rs_srgan.catalogues.revisits import choose_views
from rs_srgan.catalogues.scene import Scene
from rs_srgan.catalogues.search import open_item, search

__all__ = [
    "CATALOGUES",
    "Catalogue",
    "Collection",
    "Place",
    "Scene",
    "choose_views",
    "find_catalogue",
    "open_item",
    "search",
    "stac_api",
]
