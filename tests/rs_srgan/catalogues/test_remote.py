import numpy as np
import pytest

from rs_srgan import InputError, ReadError
from rs_srgan.catalogues.catalogue import Catalogue
from rs_srgan.catalogues.remote import open_remote
from rs_srgan.pixels.windows import Window
from tests.rs_srgan.catalogues.products import land
from tests.rs_srgan.catalogues.server import StacLookalike

TIMEOUT_S = 0.5


def address_of(item, name="red"):
    return item["assets"][name]["href"]


def path_of(stac, item, name="red"):
    return address_of(item, name).removeprefix(stac.url)


def test_a_window_has_the_pixels_of_the_file_and_costs_its_blocks(stac, catalogue, item):
    with open_remote(catalogue, address_of(item), TIMEOUT_S) as image:
        pixels = image.read(Window(100, 120, 60, 50))
    np.testing.assert_array_equal(pixels[0], land(600, 600)["B04"][100:160, 120:170])
    whole = stac.images.joinpath(path_of(stac, item).removeprefix("/images/")).stat().st_size
    assert 0 < stac.sent[path_of(stac, item)] < whole / 2


@pytest.mark.parametrize(
    ("fault", "error", "match"),
    [
        (403, ReadError, "expired"),
        (404, InputError, "exist"),
        ("html", InputError, "GeoTIFF"),
        (503, ReadError, "503"),
        ("silent", ReadError, "network"),
    ],
)
def test_an_image_that_cannot_be_opened_says_why(stac, catalogue, item, fault, error, match):
    stac.faults["/images"] = fault
    with pytest.raises(error, match=match), open_remote(catalogue, address_of(item), TIMEOUT_S):
        pass


@pytest.mark.parametrize("fault", [429, 503])
def test_a_fault_that_passes_is_not_seen(stac, catalogue, item, fault):
    stac.faults["/images"], stac.times["/images"] = fault, 2
    with open_remote(catalogue, address_of(item), TIMEOUT_S) as image:
        assert image.read(Window(0, 0, 10, 10)).all()


def test_truncated_answers_are_asked_for_again_and_then_an_error(stac, catalogue, item):
    with open_remote(catalogue, address_of(item), TIMEOUT_S) as image:
        stac.faults["/images"], stac.times["/images"] = "truncated", 3
        assert image.read(Window(300, 300, 10, 10)).all()
        stac.times["/images"] = 1000
        with pytest.raises(ReadError, match="read"):
            image.read(Window(0, 300, 10, 10))


def test_errors_do_not_show_a_signature(stac, item):
    signed = Catalogue("a", "A", stac.url, (), (stac.url,), sign=lambda address: f"{address}?sig=SECRET")
    stac.faults["/images"] = 403
    with pytest.raises(ReadError) as caught, open_remote(signed, address_of(item), TIMEOUT_S):
        pass
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "http://127.0.0.1:1/a.tif", "/etc/passwd", "s3://x/y.tif"])
def test_addresses_of_others_are_not_opened(catalogue, address):
    with pytest.raises(InputError, match="images"), open_remote(catalogue, address, TIMEOUT_S):
        pass


@pytest.mark.parametrize("after", [0, 1])
def test_a_redirect_to_another_host_is_refused_and_not_followed(stac, catalogue, item, after):
    """From the first request on, or only for the pixels."""
    elsewhere = StacLookalike(stac.images)
    stac.redirect, stac.redirect_after = elsewhere.url, after

    def read() -> None:
        with open_remote(catalogue, address_of(item), TIMEOUT_S) as image:
            image.read(Window(500, 500, 64, 64))

    with pytest.raises(InputError, match="redirected"):
        read()
    elsewhere.stop()
    assert elsewhere.requests.total() == 0 and len(stac.sent) == after
