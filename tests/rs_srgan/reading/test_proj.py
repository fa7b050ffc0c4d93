"""PROJ: names of coordinate systems that are accepted, and what a CRS may not make it open."""

import pytest
from rasterio.crs import CRS

from rs_srgan import InputError
from rs_srgan.reading.proj import LONGITUDE_LATITUDE, crs_by_name, require_no_grid_file

GRIDS = """PROJCS["x",GEOGCS["g",DATUM["d",SPHEROID["s",6378137,298.257],EXTENSION["PROJ4_GRIDS","{}"]],
PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],
PARAMETER["central_meridian",15],PARAMETER["false_easting",500000],UNIT["metre",1]]"""


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("EPSG:32632", CRS.from_epsg(32632)),
        ("urn:ogc:def:crs:EPSG::4326", CRS.from_epsg(4326)),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", LONGITUDE_LATITUDE),
        ("http://www.opengis.net/def/crs/EPSG/0/32633", CRS.from_epsg(32633)),
    ],
)
def test_names_of_the_registry_are_accepted(name, crs):
    assert crs_by_name(name) == crs


@pytest.mark.parametrize(
    "name",
    ["http://127.0.0.1/crs", "/etc/passwd", "ESRI::/etc/passwd", "+proj=utm +nadgrids=/etc/passwd", "", None, {}],
)
def test_paths_and_addresses_are_no_names(name):
    assert crs_by_name(name) is None


@pytest.mark.parametrize("grid", ["/srv/secret.gsb", "@/srv/secret.gsb", "secret.gsb"])
def test_a_crs_that_names_a_grid_file_is_refused(grid):
    for crs in (CRS.from_wkt(GRIDS.format(grid)), CRS.from_string(f"+proj=utm +zone=33 +ellps=WGS84 +nadgrids={grid}")):
        with pytest.raises(InputError, match="EPSG"):
            require_no_grid_file(crs, "a.tif")


@pytest.mark.parametrize("crs", [CRS.from_epsg(32633), CRS.from_epsg(3857), CRS.from_epsg(27700), None])
def test_usual_systems_name_no_grid_file(crs):
    require_no_grid_file(crs, "a.tif")
