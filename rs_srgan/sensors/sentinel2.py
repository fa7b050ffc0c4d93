"""SENTINEL2: the MultiSpectral Instrument of Sentinel-2."""

from types import MappingProxyType

from rs_srgan.sensors.band_words import Dialect
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

# Sources: Google Earth Engine (Aerosols, Red Edge 4), Digital Earth (nbart_nir_2), Element84 (nir08, nir09, swir16),
# STAC's eo:common_name (rededge071), HLS (NIR Narrow), FORCE (BROADNIR), ESA (Vegetation red edge).
_WORDS = {
    "B01": ("AEROSOL", "AEROSOLS", "COASTAL", "COASTAL AEROSOL", "COASTAL BLUE", "ULTRA BLUE"),
    "B02": ("BLUE", "BLU"),
    "B03": ("GREEN", "GRN"),
    "B04": ("RED",),
    "B05": ("RED EDGE 1", "VEGETATION RED EDGE 1", "RED EDGE 071", "RED EDGE 705", "RE 1", "VRE 1"),
    "B06": ("RED EDGE 2", "VEGETATION RED EDGE 2", "RED EDGE 075", "RED EDGE 740", "RE 2", "VRE 2"),
    "B07": ("RED EDGE 3", "VEGETATION RED EDGE 3", "RED EDGE 078", "RED EDGE 783", "RE 3", "VRE 3"),
    "B08": (
        "NIR",
        "NIR 1",
        "NEAR INFRARED",
        "NEAR INFRARED 1",
        "NEAR IR",
        "BROAD NIR",
        "BROAD NEAR INFRARED",
        "NIR BROAD",
        "BNIR",
        "WIDE NIR",
    ),
    "B8A": (
        "NIR 2",
        "NIR 08",
        "NIR NARROW",
        "NARROW NIR",
        "NNIR",
        "RED EDGE 4",
        "RE 4",
        "NEAR INFRARED 2",
        "NEAR INFRARED NARROW",
        "NARROW NEAR INFRARED",
    ),
    "B09": ("NIR 09", "WATER VAPOUR", "WATER VAPOR"),
    "B11": ("SWIR 1", "SWIR 16", "SWIR 1610", "SHORT WAVE INFRARED 1", "SHORTWAVE INFRARED 1"),
    "B12": ("SWIR 2", "SWIR 3", "SWIR 22", "SWIR 2190", "SHORT WAVE INFRARED 2", "SHORTWAVE INFRARED 2"),
}
_DIALECTS = (
    Dialect(r"\b(BROAD ?(NIR|NEAR INFRARED)|BNIR)\b", MappingProxyType({"NIR": "B8A", "NEARINFRARED": "B8A"})),  # FORCE
    Dialect(r"\bNBART\b|\bSWIR ?3\b", MappingProxyType({"SWIR2": "B11"})),  # Digital Earth Australia counts from B10
)
# Landsat, MODIS, VIIRS and Planet number their bands differently. "SR_B2" is the name of Landsat Collection 2.
_FOREIGN = (
    r"\b(SR B\d+|L[COTE]0\d|L30|LANDSAT\w*|OLI|ETM|REFL B\d+|MODIS|M[OY]D\d\d\w*|VIIRS|VNP\w*|PLANET\w*|PSSCENE\w*|"
    r"ASTER|VNIR|WV0?[1-4]|WORLDVIEW\w*)\b"
)

SENTINEL2 = Sensor(
    name="sentinel2",
    title="Sentinel-2",
    bands=_BANDS,
    default_bands=RGBN,
    aliases=MappingProxyType({each: band for band, words in _WORDS.items() for each in words}),
    dialects=_DIALECTS,
    foreign=_FOREIGN,
    # A plain GeoTIFF: DN / 10000. Products carry their own offsets, which the product reader reads.
    gain=1e-4,
    bias=0.0,
    empty=0,
    # The near infrared passes through haze, so its shifts scatter less than those of the mean of all bands. A product
    # then has one image to decode instead of four.
    registration_band="B08",
    # Scene classification of the L2A product specification: cloud shadow, clouds of medium and of high probability,
    # thin cirrus; then no data, saturated or defective, snow or ice.
    cloud_classes=(3, 8, 9, 10),
    hidden_classes=(0, 1, 11),
)
