import numpy as np
import pytest
import rasterio

from rs_srgan.errors import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import SENSORS, SENTINEL2, Band, Sensor, find_sensor

# All that a third sensor needs, apart from an entry in SENSORS.
PLEIADES = Sensor(
    name="pleiades",
    title="Pléiades",
    bands=(Band("B0", 2, 490, 0.3), Band("B1", 2, 560, 0.3), Band("B2", 2, 650, 0.3), Band("B3", 2, 840, 0.25)),
    default_bands=("B2", "B1", "B0", "B3"),
    aliases={"RED": "B2"},
    gain=0.001,
    bias=-0.1,
    nodata=7,
)


def test_a_new_sensor_needs_one_object(tmp_path):
    path = tmp_path / "image.tif"
    dn = np.full((4, 6, 6), 300, np.uint16)
    dn[2] = 500
    dn[:, 0, 0] = 7
    with rasterio.open(path, "w", driver="GTiff", count=4, height=6, width=6, dtype="uint16") as dataset:
        dataset.write(dn)
        dataset.descriptions = ("B0", "B01", "Red", "b3")
    with open_raster(path, PLEIADES.default_bands, sensor=PLEIADES) as raster:
        image, valid = raster.read(Window(0, 0, 6, 6))
    np.testing.assert_allclose(image[:, 3, 3], [0.4, 0.2, 0.2, 0.2], atol=1e-6)
    assert not valid[:, 0, 0].any()
    assert valid.sum() == 4 * 35


@pytest.mark.parametrize("sensor", [*SENSORS.values(), PLEIADES], ids=lambda sensor: sensor.name)
def test_every_band_is_found_by_its_name_and_is_plausible(sensor):
    assert [sensor.band_named(name) for name in sensor.band_names] == list(sensor.band_names)
    assert set(sensor.default_bands) <= set(sensor.band_names)
    assert set(sensor.aliases.values()) <= set(sensor.band_names)
    assert all(0 < band.mtf_nyquist < 1 and 400 < band.wavelength_nm < 2500 and band.gsd_m > 0 for band in sensor.bands)


def test_display_bands_are_true_colour_or_the_first_three():
    assert SENTINEL2.display_bands(("B02", "B03", "B04", "B08")) == ("B04", "B03", "B02")
    assert SENTINEL2.display_bands(("B11", "B12", "B08", "B05")) == ("B11", "B12", "B08")
    assert SENTINEL2.display_bands(("B11",)) == ("B11", "B11", "B11")


def test_mtf_of_an_unknown_band_is_refused():
    with pytest.raises(InputError, match="PAN"):
        SENTINEL2.mtf_nyquist(["B04", "PAN"])


def test_an_unknown_band_is_refused():
    with pytest.raises(InputError, match="PAN"):
        SENTINEL2.band("PAN")


def test_sensors_are_found_by_name():
    assert find_sensor("sentinel2") is SENTINEL2
    with pytest.raises(InputError, match="landsat-oli"):
        find_sensor("landsat")
