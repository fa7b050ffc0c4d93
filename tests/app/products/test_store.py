"""Products that visitors upload or choose, and attacks with them."""

import shutil
import zipfile
from threading import Event

import numpy as np
import pytest

from app.errors import Gone
from app.jobs.queue import Jobs
from app.jobs.request import make_request
from app.products.store import Products
from app.products.submit import submit_product
from app.settings import Settings
from rs_srgan import InputError
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN
from tests.app.conftest import write_product
from tests.safe_builder import zip_safe


def test_a_product_is_found_by_its_id(products, small):
    product = products.receive(small)
    assert products.get(product.id) is product
    assert product.title == small.name
    assert product.glance.safe.tile == "T33TWL"


@pytest.mark.parametrize("name", ["", None])
def test_no_id_is_refused(products, name):
    with pytest.raises(InputError, match="upload"):
        products.get(name)


def test_an_unknown_id_is_gone(products):
    with pytest.raises(Gone):
        products.get("x")


def test_the_name_of_the_metadata_may_be_in_lower_case(products, tmp_path):
    safe = write_product(tmp_path, 120)
    (safe / "MTD_MSIL2A.xml").rename(safe / "mtd_msil2a.XML")
    assert products.receive(zip_safe(safe)).title


def test_a_product_is_kept_while_a_job_reads_it(jobs, models, products, small):
    product = products.receive(small)
    job = submit_product(jobs, product, "", make_request(models, (DEFAULT_MODEL,), 1, False))
    needed = jobs.uses(product.folder)
    products.clear(keep=-1)
    assert product.folder.exists() == needed or job.has_ended
    jobs.wait(job)
    assert job.state == "done", job.message
    products.clear(keep=-1)
    assert not product.folder.exists()
    with pytest.raises(Gone):
        products.get(product.id)


def test_the_queue_removes_old_products(models, small, tmp_path, monkeypatch):
    monkeypatch.setattr("app.jobs.queue.SWEEP_SECONDS", 0.05)
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


def test_an_archive_with_backslashes_is_unpacked_whole(products, tmp_path):
    safe = write_product(tmp_path, 120)
    with zipfile.ZipFile(tmp_path / "windows.zip", "w") as archive:
        for path in safe.rglob("*.*"):
            if path.is_file():
                info = zipfile.ZipInfo("")
                info.filename = str(path.relative_to(tmp_path)).replace("/", "\\")
                archive.writestr(info, path.read_bytes())
    source = products.receive(tmp_path / "windows.zip").source()
    with open_raster(source, RGBN) as read, open_raster(safe, RGBN) as expected:
        window = Window(0, 0, 120, 120)
        np.testing.assert_array_equal(read.read(window)[0], expected.read(window)[0])


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"../MTD_MSIL2A.xml": "<x/>"}, r"\.\./"),
        ({"a.txt": "no product"}, r"\b0\b"),
        ({"X/MTD_MSIL2A.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}, "metadata"),
    ],
)
def test_archives_without_a_product_are_refused_and_leave_nothing(products, settings, tmp_path, members, words):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    before = set(settings.folder.iterdir())
    with pytest.raises(InputError, match=words):
        products.receive(tmp_path / "a.zip")
    assert set(settings.folder.iterdir()) == before


def test_other_files_than_archives_are_refused(products, tmp_path):
    with pytest.raises(InputError, match="zip"):
        products.receive(tmp_path / "a.tif")


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

    def test_products_in_the_folder_can_be_chosen(self, offered):
        (name,) = offered.offered()
        assert offered.choose(name).glance.safe.tile == "T33TWL"

    @pytest.mark.parametrize("name", ["..", "../other.SAFE", "/etc", "", "nothing.SAFE"])
    def test_nothing_outside_can_be_chosen(self, offered, name):
        with pytest.raises(InputError, match="server"):
            offered.choose(name)

    def test_a_link_out_of_the_folder_is_not_followed(self, offered, root, tmp_path):
        outside = tmp_path / "outside"
        outside.mkdir()
        shutil.move(write_product(outside, 120), outside / "other.SAFE")
        (root / "link.SAFE").symlink_to(outside / "other.SAFE")
        with pytest.raises(InputError, match="server"):
            offered.choose("link.SAFE")

    def test_products_of_any_name_and_depth_are_offered_and_read(self, offered, root, tmp_path):
        (safe,) = root.iterdir()
        zip_safe(safe).replace(root / "download.zip")
        (root / "2023" / "august").mkdir(parents=True)
        write_product(root / "2023", 120, baseline="04.00")
        safe.rename(root / "2023" / "august" / "plain")
        nested, plain, archive = offered.offered()
        assert (plain, archive) == ("2023/august/plain", "download.zip")
        for name in (plain, nested, archive):
            assert offered.choose(name).source().is_dir()

    def test_without_a_folder_nothing_is_offered(self, products):
        assert products.offered() == []
