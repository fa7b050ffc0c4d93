import pytest

from app.products.store import Products
from tests.app.conftest import write_product
from tests.safe_builder import zip_safe


@pytest.fixture
def products(settings, jobs) -> Products:
    return Products(settings, jobs)


@pytest.fixture
def small(tmp_path):
    """A zipped product of 1.2 x 1.2 km."""
    return zip_safe(write_product(tmp_path, 120))
