"""Products that are brought or chosen, and attacks with them."""

import io
import json
import shutil
import zipfile
from threading import Event

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.jobs.queue import DONE, Jobs
from app.pages.forms import make_request
from app.pages.tile_tab import foresee, submit_product
from app.products.quicklook import glance_at
from app.products.store import Products
from app.settings import Settings
from app.viewer.routes import make_routes
from rs_srgan import InputError
from tests.app.conftest import write_product
from tests.safe_builder import zip_safe

DEFAULT = ("sisr-x4-rgbn",)


@pytest.fixture
def products(settings, jobs) -> Products:
    return Products(settings, jobs)


@pytest.fixture
def small(tmp_path):
    return zip_safe(write_product(tmp_path, 120))


def test_a_product_is_known_at_a_glance(products, small):
    product = products.receive(small)
    assert (product.safe.level, product.safe.tile, product.safe.baseline) == ("L2A", "T33TWL", "05.09")
    assert product.safe.cloud_percent == 12.5
    picture = np.array(Image.open(io.BytesIO(product.quicklook)))
    assert picture.shape == (20, 20, 3)  # WebP keeps no alpha where nothing is transparent
    assert picture[..., :3].std() > 20
    lon, lat = product.corners()[0]
    assert (round(lon, 2), round(lat, 2)) == (15.0, 45.15)
    assert products.get(product.id) is product


def test_the_case_of_the_metadatas_name_does_not_matter(products, tmp_path):
    safe = write_product(tmp_path, 120)
    (safe / "MTD_MSIL2A.xml").rename(safe / "mtd_msil2a.XML")
    assert products.receive(zip_safe(safe)).title


def test_an_l1c_product_has_a_quicklook_as_well(products, tmp_path):
    product = products.receive(zip_safe(write_product(tmp_path, 120, level="L1C")))
    assert Image.open(io.BytesIO(product.quicklook)).size == (120, 120)


def test_an_area_is_drawn_where_it_is_outlined(products, small):
    product = products.receive(small)
    box = product.area(0.25, 0.25, 0.5, 0.75)
    shares = product.outline(box)
    # a rectangle in degrees holds the one in metres, and lies a little askew
    assert np.allclose(shares, (0.25, 0.25, 0.5, 0.75), atol=0.02)
    assert product.outline((0, 0, 1, 1)) is None


def test_what_it_will_take_is_said_before(settings, jobs, models, products, small):
    request = make_request(models, DEFAULT, 1, True)
    text = foresee(settings, jobs, models, products.receive(small), "", request)
    assert text.startswith("120 x 120 px become 480 x 480 px: about **")
    assert "MB** of files" in text


def test_an_area_that_was_typed_is_taken_home_with_the_command_that_names_it(jobs, models, products, small):
    product = products.receive(small)
    west, south, east, north = 15.001, 45.142, 15.006, 45.148
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = json.dumps({"type": "Polygon", "coordinates": [ring]})
    job = submit_product(jobs, product, area, make_request(models, DEFAULT, 1, False))
    assert jobs.wait(job, 60) and job.state == DONE
    app = FastAPI()
    app.include_router(make_routes(jobs))
    client = TestClient(app)
    view = client.get(f"/jobs/{job.id}").json()["view"]
    assert "--aoi area.geojson" in view["command"]
    (offered,) = [file for file in view["files"] if file["as"] == "area.geojson"]
    assert client.get(f"/jobs/{job.id}/files/{offered['file']}").text == area


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ("1 2 3", "expected four numbers"),
        ("a b c d", "expected four numbers"),
        ("0 0 1 1", "lies outside"),
        ("15.1 45.1 15.0 45.0", "expected west < east"),
        ('{"type": "Point", "coordinates": [1, 2]}', "holds no polygon"),
        ("{", "is no GeoJSON"),
    ],
)
def test_an_area_that_is_none_is_one_clear_line(jobs, models, products, small, area, words):
    with pytest.raises(InputError, match=words):
        submit_product(jobs, products.receive(small), area, make_request(models, DEFAULT, 1, False))


def test_a_product_stays_as_long_as_a_job_needs_it(settings, jobs, models, products, small):
    product = products.receive(small)
    job = submit_product(jobs, product, "", make_request(models, DEFAULT, 1, False))
    needed = jobs.uses(product.folder)
    products.clear(keep=-1)
    assert product.folder.exists() == needed or job.has_ended
    jobs.wait(job)
    assert job.state == "done", job.message
    products.clear(keep=-1)
    assert not product.folder.exists()
    with pytest.raises(InputError, match=r"This product has been cleared away\. Upload or choose it again\."):
        products.get(product.id)


def test_products_that_nobody_asks_for_are_cleared_away_without_another_upload(models, small, tmp_path, monkeypatch):
    monkeypatch.setattr("app.jobs.queue._SWEEP", 0.05)
    settings = Settings(folder=tmp_path / "work", keep=0)
    settings.folder.mkdir()
    jobs = Jobs(settings, models)
    product = Products(settings, jobs).receive(small)
    product.unpacking.join()
    swept = Event()
    jobs.also_clear.append(lambda keep: swept.set())
    assert swept.wait(20)
    assert not product.folder.exists()
    jobs.close()


def test_an_image_larger_than_any_of_the_sensor_is_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr("app.products.quicklook.LARGEST_PX", 10)
    with pytest.raises(InputError, match="no band of Sentinel-2 is as large"):
        glance_at(write_product(tmp_path, 120))


def test_a_missing_band_is_named(jobs, models, products, tmp_path):
    safe = write_product(tmp_path, 120)
    next(safe.rglob("*B08_10m.jp2")).unlink()
    with pytest.raises(InputError, match=r"B08.*10 m\) is missing\. Download the product again\."):
        submit_product(jobs, products.receive(zip_safe(safe)), "", make_request(models, DEFAULT, 1, False))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"../MTD_MSIL2A.xml": "<x/>"}, "a name that leads out of it"),
        ({"a.txt": "no product"}, "holds 0 Sentinel-2 products"),
        ({"X/MTD_MSIL2A.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}, "expected a Sentinel-2 product's metadata"),
    ],
)
def test_what_is_no_product_leaves_nothing(products, settings, tmp_path, members, words):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    before = set(settings.folder.iterdir())
    with pytest.raises(InputError, match=words):
        products.receive(tmp_path / "a.zip")
    assert set(settings.folder.iterdir()) == before


def test_an_image_that_is_a_vrt_is_not_opened(products, tmp_path):
    safe = write_product(tmp_path, 120)
    next(safe.rglob("*B04_60m.jp2")).write_text("<VRTDataset><SRS>/etc/passwd</SRS></VRTDataset>")
    with pytest.raises(InputError, match="is no GeoTIFF, JP2, PNG or NPY file"):
        products.receive(zip_safe(safe))


class TestDataRoot:
    @pytest.fixture
    def root(self, tmp_path):
        root = tmp_path / "root"
        root.mkdir()
        write_product(root, 120)
        return root

    @pytest.fixture
    def offered(self, root, jobs):
        return Products(Settings(folder=jobs.settings.folder, data_root=root), jobs)

    def test_products_below_it_can_be_chosen(self, offered):
        (name,) = offered.offered()
        assert offered.choose(name).safe.tile == "T33TWL"

    @pytest.mark.parametrize("name", ["..", "../other.SAFE", "/etc", "", "nothing.SAFE"])
    def test_nothing_outside_can_be_reached(self, offered, name):
        with pytest.raises(InputError, match="is none of the products that this server offers"):
            offered.choose(name)

    def test_a_link_that_leads_out_is_not_followed(self, offered, root, tmp_path):
        outside = tmp_path / "outside"
        outside.mkdir()
        shutil.move(write_product(outside, 120), outside / "other.SAFE")
        (root / "link.SAFE").symlink_to(outside / "other.SAFE")
        with pytest.raises(InputError, match="is none of the products that this server offers"):
            offered.choose("link.SAFE")

    def test_without_a_folder_nothing_is_offered(self, products):
        assert products.offered() == []
