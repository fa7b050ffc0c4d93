import pytest

from rs_srgan.sensors import LANDSAT_OLI


@pytest.mark.parametrize(
    ("description", "name"),
    [("B4", "B4"), ("B04", "B4"), ("SR_B5", "B5"), ("red", "B4"), ("nir08", "B5"), ("swir16", "B6"), ("B08", None)],
)
def test_descriptions_name_bands(description, name):
    assert LANDSAT_OLI.band_named(description) == name


def test_collection_2_scale_covers_the_valid_range():
    # Valid DN of surface reflectance are 7273 to 43636, which the product guide gives as reflectance 0 to 1.
    low, high = (dn * LANDSAT_OLI.gain + LANDSAT_OLI.bias for dn in (7273, 43636))
    assert (low, high) == pytest.approx((0, 1), abs=1e-4)


def test_default_bands_are_true_colour_and_near_infrared():
    wavelengths = [LANDSAT_OLI.band(name).wavelength_nm for name in LANDSAT_OLI.default_bands]
    assert wavelengths == [654.6, 561.4, 482.0, 864.7]
