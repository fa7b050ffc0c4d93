"""LANDSAT_OLI: the Operational Land Imager of Landsat 8 and 9."""

from types import MappingProxyType

from rs_srgan.sensors.sensor import Band, Sensor

# Central wavelengths: Barsi et al. 2014, The Spectral Response of the Landsat-8 Operational Land Imager. MTF: estimates
# between 0.3 and 0.4, not measurements; to replace them, set mtf_nyquist in the model's configuration. 0.36 belongs to
# a Gaussian blur with a standard deviation of 13.6 m, whose edge response rises by 0.029 per metre between 40 and 60 %,
# and 0.31 to the slope of 0.027 per metre. The short-wave infrared bands get less because of diffraction. Background:
# Knight and Kvaran 2014, Landsat-8 Operational Land Imager Design, Characterization and Performance.
_BANDS = (
    Band("B2", 30, 482.0, 0.36),
    Band("B3", 30, 561.4, 0.36),
    Band("B4", 30, 654.6, 0.36),
    Band("B5", 30, 864.7, 0.36),
    Band("B6", 30, 1608.9, 0.33),
    Band("B7", 30, 2200.7, 0.31),
)

# The names of STAC catalogues. Collection 2's files (LC09_..._SR_B4.TIF) name the bands by their numbers.
_ALIASES = {
    "BLUE": "B2",
    "GREEN": "B3",
    "RED": "B4",
    "NIR": "B5",
    "NIR08": "B5",
    "SWIR1": "B6",
    "SWIR16": "B6",
    "SWIR2": "B7",
    "SWIR22": "B7",
}

LANDSAT_OLI = Sensor(
    name="landsat-oli",
    title="Landsat 8-9 OLI",
    bands=_BANDS,
    default_bands=("B4", "B3", "B2", "B5"),
    aliases=MappingProxyType(_ALIASES),
    foreign=r"\b(S2[A-D]?|S30|SENTINEL\w*|MSI|MODIS|PLANET\w*)\b",
    # Collection 2 level 2 surface reflectance: Landsat 8-9 Collection 2 Level 2 Science Product Guide, USGS.
    gain=2.75e-5,
    bias=-0.2,
    nodata=0,
    registration_band="B5",
)
