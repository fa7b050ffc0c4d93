import pytest

from app.jobs.request import make_request, make_revisits_request
from rs_srgan import InputError
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL


def test_options_that_a_model_lacks_are_left_out(models):
    request = make_request(models, ("srgan-x4-rgbn",), 0.5, True)
    assert (request.detail, request.uncertainty) == (0.5, False)
    request = make_request(models, (DEFAULT_MODEL,), 0.5, True)
    assert (request.detail, request.uncertainty) == (None, True)


def test_a_detail_out_of_range_is_refused(models):
    with pytest.raises(InputError, match="detail"):
        make_request(models, (DEFAULT_MODEL,), 7, True)


def test_revisits_are_compared_with_one_image(models):
    assert make_revisits_request(models, REVISITS_MODEL).models == ("misr-x4-rgbn", "sisr-x4-rgbn")


def test_a_model_of_one_image_takes_no_revisits(models):
    with pytest.raises(InputError, match="misr-x4-rgbn"):
        make_revisits_request(models, "sisr-x4-rgbn")
