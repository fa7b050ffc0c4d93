import pytest

from rs_srgan.sensors import RGBN, SENTINEL2


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
        ("Red Edge 1", "B05"),
        ("green_i", None),
        ("NIR narrow", "B8A"),
        ("", None),
        ("SCL", None),
        ("B13", None),
        ("band 1", None),
    ],
)
def test_descriptions_name_bands(description, name):
    assert SENTINEL2.band_named(description) == name


def test_mtf_has_the_order_of_the_names():
    assert SENTINEL2.mtf_nyquist(RGBN) == (0.24, 0.28, 0.26, 0.26)
    assert SENTINEL2.mtf_nyquist(RGBN[::-1]) == (0.26, 0.26, 0.28, 0.24)


def test_the_table_has_all_bands_except_cirrus():
    assert len(SENTINEL2.bands) == 12
    assert "B10" not in SENTINEL2.band_names
    assert {band.gsd_m for band in SENTINEL2.bands} == {10, 20, 60}
