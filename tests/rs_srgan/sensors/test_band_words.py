import pytest

from rs_srgan.sensors import LANDSAT_OLI, SENTINEL2
from rs_srgan.sensors.band_words import are_ordinals

GRANULE = "20230810T100031_20230810T100027_T33TWL_"
PRODUCT = "S2A_MSIL2A_20230810T100031_N0509_R122_T33TWL_20230810T132345_"
STANDARD = ("B02", "B03", "B04", "B08")
TEN = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")

# By naming scheme: descriptions in the file's order, and the bands that they mean.
UNDERSTOOD = {
    "product": (STANDARD, STANDARD),
    "short": (("B2", "B3", "B4", "B8"), STANDARD),
    "small": (("b02", "b03", "b04", "b08"), STANDARD),
    "Earth Engine, image": ([GRANULE + band for band in ("B2", "B3", "B4", "B8")], STANDARD),
    "Earth Engine, toBands": (("0_B2", "0_B3", "0_B4", "0_B8"), STANDARD),
    "Earth Engine, reducer": (("B2_median", "B3_median", "B4_median", "B8_median"), STANDARD),
    "Earth Engine, names": (
        ("Aerosols", "Blue", "Green", "Red", "Red Edge 1", "Red Edge 4", "Water vapor", "SWIR 1"),
        ("B01", "B02", "B03", "B04", "B05", "B8A", "B09", "B11"),
    ),
    "satellite before": (("S2_B02", "S2_B03", "S2_B04", "S2_B08"), STANDARD),
    "satellite before, 2": (("Sentinel2A_B02", "Sentinel2A_B03", "Sentinel2A_B04", "Sentinel2A_B08"), STANDARD),
    "stactools": (("Band 2 - Blue", "Band 3 - Green", "Band 4 - Red", "Band 8 - NIR"), STANDARD),
    "stactools, 20 m": (
        ("Band 5 - Vegetation red edge 1", "Band 8A - Vegetation red edge 4", "Band 11 - SWIR (1.6)"),
        ("B05", "B8A", "B11"),
    ),
    "stactools 0.4": (
        ("Blue (band 2)", "Green (band 3)", "Red (band 4)", "NIR 1 (band 8)", "NIR 2 (band 8A)"),
        (*STANDARD, "B8A"),
    ),
    "colon": (("B2: Blue", "B3: Green", "B4: Red", "B8: NIR"), STANDARD),
    "terra": ([f"T33TWL_20230810T100031_{band}_10m" for band in STANDARD], STANDARD),
    "gdalbuildvrt": ([f"/data/T33TWL_20230810T100031_{band}.jp2" for band in STANDARD], STANDARD),
    "QGIS": ([f"Band {n}: T33TWL_{band}_10m" for n, band in enumerate(STANDARD, 1)], STANDARD),
    "product's name": ([PRODUCT + band for band in STANDARD], STANDARD),
    "openEO": (("B02_10m", "B03_10m", "B04_10m", "B08_10m"), STANDARD),
    "GDAL's SENTINEL2": (
        ("B4, central wavelength 665 nm", "B3, central wavelength 560 nm", "B8A, central wavelength 865 nm"),
        ("B04", "B03", "B8A"),
    ),
    "ENVI": (("490.0000 Nanometers", "560.0000 Nanometers", "665.0000 Nanometers", "842.0000 Nanometers"), STANDARD),
    "micrometres": (("0.490 um", "0.560 um", "0.665 um", "0.842 um"), STANDARD),
    "ENVI, without unit": (("Band 1 (0.492)", "Band 2 (0.560)", "Band 3 (0.665)", "Band 4 (0.833)"), STANDARD),
    "ACOLITE": (("rhos_492", "rhos_560", "rhos_665", "rhos_833", "rhos_864", "rhos_1610"), (*STANDARD, "B8A", "B11")),
    "own numbers with wavelengths": (("B1 (490 nm)", "B2 (560 nm)", "B3 (665 nm)", "B4 (842 nm)"), STANDARD),
    "Theia": ([f"SENTINEL2A_20230810-103021-123_L2A_T31TCJ_C_V3-0_FRE_{each}" for each in STANDARD], STANDARD),
    "EO Browser": ([f"2023-08-10-00:00_2023-08-10-23:59_Sentinel-2_L2A_{each}_(Raw)" for each in STANDARD], STANDARD),
    "Brazil Data Cube": ([f"SENTINEL-2_MSI_20LKP_{each}_2018-07-12" for each in STANDARD], STANDARD),
    "SNAP": (("B2", "B3", "B4", "B8", "quality_cloud"), (*STANDARD, None)),
    "EOReader": (("BLUE", "NIR", "NARROW_NIR", "VRE_1", "SWIR_2"), ("B02", "B08", "B8A", "B05", "B12")),
    "SEPAL": (("blue", "nir", "redEdge1", "redEdge4", "swir1"), ("B02", "B08", "B05", "B8A", "B11")),
    "GRASS": ([f"T33TWL_20230810T100031_{each}_10m@PERMANENT" for each in STANDARD], STANDARD),
    "percentiles": (("blue_p50", "green_p50", "red_p50", "nir_p50"), STANDARD),
    "colours": (("blue", "green", "red", "nir"), STANDARD),
    "colours with wavelengths": (("Blue_490", "Green_560", "Red_665", "NIR_842"), STANDARD),
    "letters": (("b", "g", "r", "nir"), STANDARD),
    "numbered colours": (("Band 1: Blue", "Band 2: Green", "Band 3: Red", "Band 4: NIR"), STANDARD),
    "another instrument's numbers": (("B1 - Blue", "B2 - Green", "B3 - Red", "B4 - NIR"), STANDARD),
    "Landsat's numbers": (("B2 - Blue", "B3 - Green", "B4 - Red", "B5 - NIR"), STANDARD),
    "Planet, 4 bands": (("blue", "green", "red", "nir"), STANDARD),
    "Planet, 8 bands": (
        ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
        ("B01", "B02", None, "B03", None, "B04", None, "B08"),
    ),
    "Digital Earth": (
        (
            "nbart_blue",
            "nbart_green",
            "nbart_red",
            "nbart_red_edge_1",
            "nbart_red_edge_2",
            "nbart_red_edge_3",
            "nbart_nir_1",
            "nbart_nir_2",
            "nbart_swir_2",
            "nbart_swir_3",
        ),
        TEN,
    ),
    "HLS": (("HLS.S30.T33TWL.2023222T100031.v2.0.B02", "HLS.S30.T33TWL.2023222T100031.v2.0.B8A"), ("B02", "B8A")),
    "HLS, names": (("Blue", "NIR_Broad", "NIR_Narrow", "SWIR_1", "SWIR_2"), ("B02", "B08", "B8A", "B11", "B12")),
    "FORCE": (("BLUE", "GREEN", "RED", "REDEDGE1", "REDEDGE2", "REDEDGE3", "BROADNIR", "NIR", "SWIR1", "SWIR2"), TEN),
    "FORCE, long": (("Blue", "Broad Near Infrared", "Near Infrared"), ("B02", "B08", "B8A")),
    "Element84": (
        ("blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir08", "swir16", "swir22"),
        TEN,
    ),
    "STAC": (("rededge071", "rededge075", "rededge078", "nir08"), ("B05", "B06", "B07", "B8A")),
    "camel case": (("RedEdge1", "NirNarrow", "Blue"), ("B05", "B8A", "B02")),
    "a site in all names": (("site_B1_B04", "site_B1_B03"), ("B04", "B03")),
    "own words in all names": (("summer red", "summer green", "summer blue"), ("B04", "B03", "B02")),
    "Earth Engine, with masks": (("B2", "B3", "B4", "B8", "SCL", "MSK_CLDPRB", "QA60"), (*STANDARD, None, None, None)),
    "sentinelhub-py": ((*STANDARD, "dataMask"), (*STANDARD, None)),
    "stars": (("b02.tif", "b03.tif", "b04.tif", "b08.tif"), STANDARD),
    "terra, small": ([f"t33twl_{each.lower()}_10m" for each in STANDARD], STANDARD),
    "Sen2Like": ([PRODUCT.replace("MSIL2A", "MSIL2F") + f"{each}_10m" for each in STANDARD], STANDARD),
    "Theia, SRE": ([f"SENTINEL2B_20230810-103021-123_L2A_T31TCJ_C_V3-0_SRE_{each}" for each in STANDARD], STANDARD),
    "Windows paths": ([f"C:\\data\\T33TWL_20230810T100031_{each}_10m.jp2" for each in STANDARD], STANDARD),
    "ENVI of SNAP": (
        ("B2 (490.0 Nanometers)", "B3 (560.0 Nanometers)", "B8 (842.0 Nanometers)"),
        ("B02", "B03", "B08"),
    ),
    "eo-learn": ([f"BANDS_{each}" for each in STANDARD], STANDARD),
    "calculator": ([f"t33@{each}" for each in STANDARD], STANDARD),
    "a zero in 8A": (("B02", "B03", "B04", "B08A"), ("B02", "B03", "B04", "B8A")),
    "clouds removed": ([f"{each}_cloud_masked" for each in STANDARD], STANDARD),
    "colours, clouds removed": (("cloudfree red", "cloudfree green", "cloudfree blue"), ("B04", "B03", "B02")),
    "statistics beside": (("B2", "B3", "B4", "B2_std", "cloud_mask_B3"), ("B02", "B03", "B04", None, None)),
}


@pytest.mark.parametrize("scheme", UNDERSTOOD)
def test_the_names_of_archives_and_programs_are_understood(scheme):
    descriptions, bands = UNDERSTOOD[scheme]
    assert SENTINEL2.bands_named(descriptions) == list(bands)


# Schemes whose numbers count the bands of the file.
_COUNTING = {"QGIS", "numbered colours"}


@pytest.mark.parametrize("scheme", sorted(UNDERSTOOD.keys() - _COUNTING))
def test_the_order_of_the_bands_does_not_change_their_meaning(scheme):
    descriptions, bands = UNDERSTOOD[scheme]
    assert SENTINEL2.bands_named(descriptions[::-1]) == list(bands)[::-1]


@pytest.mark.parametrize(
    "descriptions",
    [
        ("rouge", "vert", "bleu"),
        ("bleu", "vert", "rouge", "pir"),
        ("a", "b", "c", "d"),
        ("HLS.L30.T33TWL.2023222T100031.v2.0.B02", "HLS.L30.T33TWL.2023222T100031.v2.0.B05"),
        ("MSK_DETFOO_B02", "cloud_mask_B03"),
        ("SR_B2", "SR_B3", "SR_B4", "SR_B5"),  # Landsat Collection 2
        ("LC08_L2SP_193027_SR_B2", "LC08_L2SP_193027_SR_B3"),
        ("sur_refl_b01", "sur_refl_b02"),  # MODIS
        ("VNIR_Band1", "VNIR_Band2"),  # ASTER
        ("rhos_412", "rhos_560", "rhos_681"),  # OLCI
        ("plot_492", "plot_493", "plot_494"),
        ("red_std", "green_std"),
        ("NDVI", "NDWI"),
        ("Red roof", "Green field"),
        ("B13", "B99"),
    ],
)
def test_what_is_not_understood_means_nothing(descriptions):
    assert SENTINEL2.bands_named(descriptions) == [None] * len(descriptions)


@pytest.mark.parametrize(
    ("descriptions", "ordinal"),
    [
        (("Band 1", "Band 2", "Band 3"), True),
        (("band_0", "band_1"), True),
        (("lyr.1", "lyr.2"), True),
        (("scene_1", "scene_2", "scene_3"), True),
        (("1", "2", "3"), True),
        (("", "", ""), True),
        (("reflectance", "reflectance"), True),
        (("Band 2", "Band 3", "Band 4"), False),
        (("B1", "B2", "B3"), False),
        (("NIR 1", "NIR 2"), False),
        (("B04", "B04"), False),
        (("red", "green"), False),
    ],
)
def test_numbers_of_the_bands_are_no_names(descriptions, ordinal):
    assert are_ordinals(descriptions) == ordinal


def test_each_sensor_reads_its_own_numbers():
    names = ("LC09_L2SP_193027_SR_B2", "LC09_L2SP_193027_SR_B5")
    assert LANDSAT_OLI.bands_named(names) == ["B2", "B5"]
    assert LANDSAT_OLI.bands_named(("S2_B02", "S2_B04")) == [None, None]
