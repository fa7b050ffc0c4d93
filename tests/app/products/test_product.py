from threading import Event, Thread

import numpy as np
import pytest

from app.jobs.queue import DONE
from app.jobs.request import make_request
from app.products.submit import submit_product
from rs_srgan import InputError
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.app.conftest import write_product
from tests.safe_builder import zip_safe


@pytest.fixture
def product(products, small):
    return products.receive(small)


def test_a_drawn_area_is_outlined_at_its_place(product):
    box = product.area(0.25, 0.25, 0.5, 0.75)
    # the rectangle in degrees contains the one in metres, and is slightly rotated
    np.testing.assert_allclose(product.outline(box), (0.25, 0.25, 0.5, 0.75), atol=0.02)


def test_a_product_across_180_degrees_is_drawn_outlined_and_computed(products, jobs, models, tmp_path):
    across = zip_safe(write_product(tmp_path, 120, crs="EPSG:32660", corner=(735_180, 5_003_880)))
    product = products.receive(across)
    west, south, east, north = product.area(0.1, 0.25, 0.9, 0.75)
    assert 179 < west < 180 and -180 < east < -179 and south < north
    np.testing.assert_allclose(product.outline((west, south, east, north)), (0.1, 0.25, 0.9, 0.75), atol=0.05)
    request = make_request(models, (DEFAULT_MODEL,), 1, False)
    job = submit_product(jobs, product, f"{west} {south} {east} {north}", request)
    assert jobs.wait(job, 120) and job.state == DONE, job.message
    assert 96 <= job.outlook.grid.width <= 106 and 60 <= job.outlook.grid.height <= 70


def test_an_area_elsewhere_has_no_outline(product):
    assert product.outline((0, 0, 1, 1)) is None


def test_the_centre_is_a_square_of_the_given_size(product):
    left, top, right, bottom = product.outline(product.centre(600))
    assert (left + right) / 2 == pytest.approx(0.5, abs=0.01)
    assert (top + bottom) / 2 == pytest.approx(0.5, abs=0.01)
    assert right - left == pytest.approx(0.5, abs=0.03)


def test_the_corners_are_longitudes_and_latitudes(product):
    lon, lat = product.corners()[0]
    assert (round(lon, 2), round(lat, 2)) == (15.0, 45.15)


def test_the_name_is_that_of_tile_and_date_whatever_the_archive_is_called(products, small, tmp_path):
    renamed = tmp_path / "download (3).zip"
    renamed.write_bytes(small.read_bytes())
    assert products.receive(renamed).name == "T33TWL_20230810"


def test_a_failed_unpacking_is_an_error_of_the_source(product):
    assert product.source().is_dir()
    product.failure = InputError("It is damaged.")
    with pytest.raises(InputError, match="damaged"):
        product.source()


def test_the_source_waits_for_the_unpacking(product):
    product.source()
    done = Event()
    product.unpacking = Thread(target=done.set)
    product.unpacking.start()
    product.source()
    assert done.is_set()
    assert not product.unpacking.is_alive()
