import pytest

from rs_srgan.errors import InputError
from rs_srgan.sensors.sentinel2 import RGBN, SENTINEL2, canonical_name, mtf_nyquist


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("B04", "B04"),
        ("b4", "B04"),
        ("B8A", "B8A"),
        ("B8", "B08"),
        ("B12, central wavelength 2190 nm", "B12"),
        ("Red", "B04"),
        ("nir", "B08"),
        ("B5, red edge 1", "B05"),
        ("Red Edge 1", None),
        ("green_i", None),
        ("NIR narrow", None),
        ("", None),
        ("SCL", None),
        ("B13", None),
        ("band 1", None),
    ],
)
def test_bands_are_recognised_by_what_people_call_them(description, name):
    assert canonical_name(description) == name


def test_mtf_comes_in_the_order_asked_for():
    assert mtf_nyquist(RGBN) == (0.24, 0.28, 0.26, 0.26)
    assert mtf_nyquist(RGBN[::-1]) == (0.26, 0.26, 0.28, 0.24)


def test_a_band_of_another_sensor_is_named():
    with pytest.raises(InputError, match="PAN"):
        mtf_nyquist(["B04", "PAN"])


def test_the_table_holds_the_thirteen_bands_without_the_cirrus_band():
    assert len(SENTINEL2) == 12
    assert all(band.gsd_m in (10, 20, 60) and 0 < band.mtf_nyquist < 1 for band in SENTINEL2.values())
