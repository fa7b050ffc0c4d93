import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.reading.stated import Stated


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("offset", np.nan, "DN"),
        ("offset", "much", "DN"),
        ("scale", 0, "reflectance"),
        ("scale", 10_000, "65535"),
        ("scale", -1, "reflectance"),
        ("scale", np.inf, "reflectance"),
        ("nodata", "some", "none"),
        ("nodata", np.nan, "none"),
    ],
)
def test_impossible_values_are_refused(field, value, words):
    with pytest.raises(InputError, match=words):
        Stated(**{field: value})


def test_values_become_plain_floats():
    stated = Stated(np.float32(-1000), np.float64(0.5), np.uint16(7))
    assert [type(value) for value in (stated.offset, stated.scale, stated.nodata)] == [float] * 3
    assert Stated(nodata="none").nodata == "none"
