"""Attacks by files: through GDAL to addresses on the network, and to other files of the server."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS

from app.jobs.queue import DONE
from app.jobs.submit import submit_image
from app.products.quicklook import glance_at
from app.products.store import Products
from app.products.submit import submit_product
from app.settings import Settings
from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from tests.app.conftest import REQUEST, sample_dn
from tests.conftest import scene_dn
from tests.rs_srgan.reading.test_proj import GRIDS
from tests.safe_builder import build_safe, zip_safe

SIDE_60M = 1800  # twice the quicklook's size, so that it must reduce the pixels
BANDS = ("B04", "B03", "B02", "B08")


class Trap:
    """A web server that records requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                trap.asked.append(self.path)
                self.send_error(404)

            do_HEAD = do_POST = do_GET

            def log_message(self, *_) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def trap():
    trap = Trap()
    yield trap
    trap.close()


@pytest.fixture
def canary(tmp_path) -> Path:
    """A raster of the server that visitors must not see."""
    path = tmp_path / "canary.tif"
    with rasterio.open(path, "w", driver="GTiff", count=1, height=450, width=450, dtype="uint16") as out:
        out.write(np.full((1, 450, 450), 9_999, np.uint16))
    return path


def vrt_band(source: str, kind: str = "", inner: str = "") -> str:
    named = f'<SourceFilename relativeToVRT="0">{source}</SourceFilename>'
    simple = f"<SimpleSource>{named}<SourceBand>1</SourceBand></SimpleSource>"
    return f'<VRTRasterBand dataType="UInt16" band="1"{kind}>{inner or simple}</VRTRasterBand>'


def vrt(band: str, kind: str = "") -> str:
    return f'<VRTDataset rasterXSize="450" rasterYSize="450"{kind}>{band}</VRTDataset>'


def raw_vrt(path: Path) -> str:
    inner = (
        f'<SourceFilename relativetoVRT="0">{path}</SourceFilename><ImageOffset>0</ImageOffset>'
        "<PixelOffset>2</PixelOffset><LineOffset>900</LineOffset>"
    )
    return vrt(vrt_band("", ' subClass="VRTRawRasterBand"', inner))


def warped_vrt(source: str) -> str:
    options = (
        f'<GDALWarpOptions><SourceDataset relativeToVRT="0">{source}</SourceDataset><BandList><BandMapping src="1" '
        'dst="1"/></BandList></GDALWarpOptions>'
    )
    return vrt(
        '<VRTRasterBand dataType="UInt16" band="1" subClass="VRTWarpedRasterBand"/>' + options,
        ' subClass="VRTWarpedDataset"',
    )


def derived_vrt(folder: Path) -> str:
    code = f"<![CDATA[\nopen({str(folder / 'pwned')!r}, 'w')\ndef f(i, out, *a, **k): out[:] = 1\n]]>"
    inner = (
        "<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>"
        f"<PixelFunctionCode>{code}</PixelFunctionCode>"
    )
    return vrt(vrt_band("", ' subClass="VRTDerivedRasterBand"', inner))


def wms(address: str) -> str:
    corners = "".join(
        f"<{name}>{value}</{name}>"
        for name, value in (("UpperLeftX", 0), ("UpperLeftY", 450), ("LowerRightX", 450), ("LowerRightY", 0))
    )
    return (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{address}/wms/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>'
        f"<DataWindow>{corners}<SizeX>450</SizeX><SizeY>450</SizeY><TileLevel>2</TileLevel></DataWindow>"
        "<BandsCount>1</BandsCount><DataType>Byte</DataType></GDAL_WMS>"
    )


def attacks(address: str, canary: Path) -> dict[str, tuple[str, str]]:
    """Return, for each attack, the file that the overview names, and the text of `ATTACK.xml` beside the image."""
    return {
        "curl": (f"/vsicurl/{address}/a.tif", ""),
        "address": (f"{address}/a.tif", ""),
        "zip": (f"/vsizip//vsicurl/{address}/a.zip/a.tif", ""),
        "tar": (f"/vsitar//vsicurl/{address}/a.tar/a.tif", ""),
        "streaming": (f"/vsicurl_streaming/{address}/a.tif", ""),
        "wmts": (f"WMTS:{address}/wmts.xml", ""),
        "wcs": (f"WCS:{address}/wcs", ""),
        "wms": (":::BASE:::wms.xml", wms(address)),
        "simple vrt": (":::BASE:::simple vrt.xml", vrt(vrt_band(f"/vsicurl/{address}/b.tif"))),
        "warped vrt": (":::BASE:::warped vrt.xml", warped_vrt(f"/vsicurl/{address}/c.tif")),
        "derived vrt": (":::BASE:::derived vrt.xml", derived_vrt(canary.parent)),
        "local raster": (str(canary), ""),
        "local vrt": (":::BASE:::local vrt.xml", vrt(vrt_band(str(canary)))),
        "local bytes": (":::BASE:::local bytes.xml", raw_vrt(canary)),
    }


NAMES = list(attacks("http://x", Path("x")))


def pam(target: str, level: str) -> str:
    said = f'<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{target}</MDI></Metadata>'
    inside = said if level == "dataset" else f'<PAMRasterBand band="1">{said}</PAMRasterBand>'
    return f"<PAMDataset>{inside}</PAMDataset>"


@pytest.fixture(scope="module")
def honest(tmp_path_factory) -> Path:
    dn = sample_dn(SIDE_60M)
    images = {(band, 60): plane for band, plane in zip(("B02", "B03", "B04"), dn, strict=False)}
    images |= {(band, 10): plane[:120, :120] for band, plane in zip(("B02", "B03", "B04", "B08"), dn, strict=True)}
    return build_safe(tmp_path_factory.mktemp("honest"), images, block_px=1024)


@pytest.fixture
def product(honest, tmp_path) -> Path:
    """A copy of the honest product, for an attack."""
    return Path(shutil.copytree(honest, tmp_path / "root" / honest.name))


@pytest.fixture
def products(settings, jobs, tmp_path) -> Products:
    (tmp_path / "root").mkdir(exist_ok=True)
    return Products(Settings(folder=settings.folder, data_root=tmp_path / "root"), jobs)


@pytest.fixture(scope="module")
def quicklook(session_jobs, honest) -> bytes:
    """The quicklook of the honest product."""
    return session_jobs.readers.ask("honest", glance_at, honest).quicklook


def spoil(image: Path, name: str, target: str, text: str, level: str = "dataset") -> None:
    image.with_name(f"{image.name}.aux.xml").write_text(pam(target, level))
    if text:
        image.with_name(f"{name}.xml").write_text(text)


ATTACKS = [(name, "dataset") for name in NAMES] + [("curl", "band"), ("simple vrt", "band")]
# The quicklook shows three images, so a product carries three attacks at a time.
THREE = [ATTACKS[first : first + 3] for first in range(0, len(ATTACKS), 3)]


@pytest.mark.parametrize("three", THREE, ids=lambda three: ", ".join(f"{name} {level}" for name, level in three))
def test_sidecar_files_in_a_folder_are_not_read(products, product, quicklook, trap, canary, three):
    for image, (name, level) in zip(sorted(product.rglob("*_60m.jp2")), three, strict=False):
        spoil(image, name, *attacks(trap.address, canary)[name], level)
    assert products.choose(product.name).glance.quicklook == quicklook
    assert trap.asked == []
    assert not (canary.parent / "pwned").exists()


def test_sidecar_files_in_an_archive_are_not_read(products, product, quicklook, trap, canary):
    for image, name in zip(product.rglob("*_60m.jp2"), ("curl", "wms", "local vrt"), strict=True):
        spoil(image, name, *attacks(trap.address, canary)[name])
    assert products.receive(zip_safe(product)).glance.quicklook == quicklook
    assert trap.asked == []


@pytest.mark.parametrize("name", ["curl", "wms", "simple vrt", "warped vrt", "wmts"])
def test_unrestricted_gdal_would_ask_the_trap(product, trap, canary, name):
    image = next(product.rglob("*_B04_60m.jp2"))
    spoil(image, name, *attacks(trap.address, canary)[name])
    code = "import rasterio, sys\nwith rasterio.open(sys.argv[1]) as image: image.read(1, out_shape=(9, 9))"
    subprocess.run([sys.executable, "-c", code, str(image)], capture_output=True)  # the trap answers 404
    assert trap.asked


def test_files_beside_an_image_are_not_read(products, product, quicklook, canary):
    for image, endings in zip(product.rglob("*_60m.jp2"), ((".ovr",), (".msk",), (".aux.xml", ".vrt")), strict=True):
        for ending in endings:
            shutil.copy(canary, image.with_name(image.name + ending))
    assert products.choose(product.name).glance.quicklook == quicklook
    received = products.receive(zip_safe(product))
    received.source()
    assert received.glance.quicklook == quicklook
    assert {path.suffix for path in received.folder.rglob("*.*") if path.is_file()} == {".xml", ".jp2"}


@pytest.mark.parametrize("name", ["curl", "wms", "local raster", "local vrt", "local bytes"])
def test_metadata_in_an_image_name_no_other_file(products, product, quicklook, trap, canary, name):
    target, text = attacks(trap.address, canary)[name]
    image = next(product.rglob("*_B04_60m.jp2"))
    with rasterio.open(image) as source:
        dn, profile = source.read(), source.profile
    with rasterio.open(image, "w", **profile, write_metadata="YES", reversible=True, quality=100) as out:
        out.write(dn)
        out.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=target)
    image.with_name(f"{image.name}.aux.xml").unlink(missing_ok=True)
    image.with_name(f"{name}.xml").write_text(text)
    with rasterio.open(image) as written:
        assert written.tags(ns="OVERVIEWS")["OVERVIEW_FILE"] == target
    assert products.choose(product.name).glance.quicklook == quicklook
    assert trap.asked == []


def test_a_tag_of_a_geotiff_names_no_other_file(jobs, write_tif, trap, canary):
    dn = scene_dn(300, 300)
    results = []
    for name in (None, "curl", "wmts", "local raster"):
        source = write_tif(dn, f"{name}.tif")
        if name:
            with rasterio.open(source, "r+") as image:
                image.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=attacks(trap.address, canary)[name][0])
        job = submit_image(jobs, source, REQUEST)
        assert jobs.wait(job, 60) and job.state == DONE
        with rasterio.open(job.folder / "sr0.tif") as result:
            results.append(result.read())
            assert not result.tags(ns="OVERVIEWS")
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    assert trap.asked == []


@pytest.mark.parametrize("name", [name for name in NAMES if "vrt" in name or name in ("wms", "local bytes")])
def test_text_instead_of_an_image_is_refused(products, product, trap, canary, name):
    for image in product.rglob("*_60m.jp2"):
        image.write_text(attacks(trap.address, canary)[name][1])
    with pytest.raises(InputError, match="JP2"):
        products.receive(zip_safe(product))
    assert trap.asked == []


@pytest.mark.parametrize("ending", [".aux.xml", ".ovr", ".msk"])
@pytest.mark.parametrize("kind", ["tif", "jp2", "png"])
def test_the_library_reads_no_sidecar_files(tmp_path, canary, trap, kind, ending):
    dn = scene_dn(96, 96)
    path = tmp_path / f"scene.{kind}"
    driver = {"tif": "GTiff", "jp2": "JP2OpenJPEG", "png": "PNG"}[kind]
    place = {} if kind == "png" else {"crs": "EPSG:32633", "transform": Affine(10, 0, 500_000, 0, -10, 5_000_000)}
    exact = {"reversible": True, "quality": 100} if kind == "jp2" else {}
    with rasterio.open(path, "w", driver=driver, count=4, height=96, width=96, dtype="uint16", **place, **exact) as out:
        out.write(dn)
    path.with_name(f"{path.name}.aux.xml").unlink(missing_ok=True)
    bands = BANDS[:3] if kind == "png" else BANDS  # a fourth band of a PNG is its alpha channel
    with open_raster(path, bands) as raster:
        expected = raster.read(Window(0, 0, 96, 96))
    beside = path.with_name(path.name + ending)
    if ending == ".aux.xml":
        beside.write_text(pam(f"/vsicurl/{trap.address}/a.tif", "dataset"))
    else:
        shutil.copy(canary, beside)
    with open_raster(path, bands) as raster:
        pixels, valid = raster.read(Window(0, 0, 96, 96))
    np.testing.assert_array_equal(pixels, expected[0])
    np.testing.assert_array_equal(valid, expected[1])
    assert trap.asked == []


def test_a_crs_named_in_an_area_is_not_looked_up(jobs, products, product, trap, canary, caplog):
    Path(f"{canary}.wkt").write_text(CRS.from_epsg(4326).to_wkt().replace("WGS 84", "SECRET PLACE"))
    ring = [[15.001, 45.142], [15.006, 45.142], [15.006, 45.148], [15.001, 45.142]]
    area = {"type": "Polygon", "coordinates": [ring]}
    chosen = products.choose(product.name)
    for name in (f"{trap.address}/crs", f"{canary}.wkt", f"ESRI::{canary}.wkt", f"/vsicurl/{trap.address}/crs"):
        named = json.dumps(area | {"crs": {"type": "name", "properties": {"name": name}}})
        with pytest.raises(InputError, match="CRS") as refused:
            submit_product(jobs, chosen, named, REQUEST)
        assert trap.asked == []
        assert "SECRET PLACE" not in str(refused.value) + caplog.text


def test_a_grid_file_that_an_image_names_is_not_used(jobs, write_tif, tmp_path):
    (tmp_path / "grid.gsb").write_bytes(b"x" * 100)
    wkt = GRIDS.format(tmp_path / "grid.gsb")
    source = write_tif(scene_dn(64, 64), crs=CRS.from_wkt(wkt), GEOTIFF_KEYS_FLAVOR="ESRI_PE")
    with pytest.raises(InputError):
        submit_image(jobs, str(source), REQUEST)


def test_an_image_cannot_hang_the_server_by_a_grid_that_is_a_pipe(jobs, write_tif):
    with tempfile.TemporaryDirectory() as elsewhere:  # not below the folders that a reader can read
        pipe = Path(elsewhere) / "grid.gsb"
        os.mkfifo(pipe)
        place = "A" * len(str(pipe))
        source = write_tif(scene_dn(64, 64), crs=CRS.from_wkt(GRIDS.format(place)), GEOTIFF_KEYS_FLAVOR="ESRI_PE")
        source.write_bytes(source.read_bytes().replace(place.encode(), str(pipe).encode()))
        with pytest.raises(InputError, match="EPSG"):
            submit_image(jobs, str(source), REQUEST)


def test_an_address_in_the_gml_box_of_an_image_is_not_asked(products, product, quicklook, trap):
    named = b"urn:ogc:def:crs:EPSG::32633"
    address = f"{trap.address}/".encode().ljust(len(named), b"a")
    image = next(product.rglob("*_B04_60m.jp2"))
    with rasterio.open(image) as source:
        dn, profile = source.read(), source.profile
    with rasterio.open(image, "w", **profile, geojp2="NO", reversible=True, quality=100) as out:
        out.write(dn)
    content = image.read_bytes()
    assert named in content and len(address) == len(named)
    image.write_bytes(content.replace(named, address))
    image.with_name(f"{image.name}.aux.xml").unlink(missing_ok=True)
    with contextlib.suppress(InputError):  # without a CRS the product has no place
        assert products.choose(product.name).glance.quicklook == quicklook
    assert trap.asked == []
