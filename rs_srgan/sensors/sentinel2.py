"""SENTINEL2: the MultiSpectral Instrument of Sentinel-2."""

from types import MappingProxyType

from rs_srgan.sensors.sensor import Band, Sensor

# Red, green, blue, near infrared, all with 10 m pixels.
RGBN: tuple[str, ...] = ("B04", "B03", "B02", "B08")

# Resolutions and wavelengths (mean of Sentinel-2A and 2B): Sentinel-2 User Handbook, ESA. MTF: the Sentinel-2 L1C Data
# Quality Reports, in the values used by SupReME (Lanaras et al. 2017), MuSA (Paris et al. 2018) and S2Sharp (Ulfarsson
# et al. 2019).
_BANDS = (
    Band("B01", 60, 442.5, 0.32),
    Band("B02", 10, 492.3, 0.26),
    Band("B03", 10, 559.4, 0.28),
    Band("B04", 10, 664.8, 0.24),
    Band("B05", 20, 704.0, 0.38),
    Band("B06", 20, 740.0, 0.34),
    Band("B07", 20, 781.3, 0.34),
    Band("B08", 10, 832.9, 0.26),
    Band("B8A", 20, 864.4, 0.33),
    Band("B09", 60, 944.1, 0.26),
    Band("B11", 20, 1612.1, 0.22),
    Band("B12", 20, 2193.8, 0.23),
)

SENTINEL2 = Sensor(
    name="sentinel2",
    title="Sentinel-2",
    bands=_BANDS,
    default_bands=RGBN,
    aliases=MappingProxyType({"RED": "B04", "GREEN": "B03", "BLUE": "B02", "NIR": "B08"}),
    # A plain GeoTIFF: DN / 10000. Products carry their own offsets, which the product reader reads.
    gain=1e-4,
    bias=0.0,
    # The near infrared passes through haze, so its shifts scatter less than those of the mean of all bands. A product
    # then has one image to decode instead of four.
    registration_band="B08",
    # Scene classification of the L2A product specification: cloud shadow, clouds of medium and of high probability,
    # thin cirrus; then no data, saturated or defective, snow or ice.
    cloud_classes=(3, 8, 9, 10),
    hidden_classes=(0, 1, 11),
)
