"""The metadata of a cut-out as those of a product, so that everything that reads products reads cut-outs, too."""

from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from rs_srgan.catalogues.catalogue import Image

# Bands by identifier. Source: Sentinel-2 Products Specification Document.
_IDENTIFIERS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12")
_NO_BASELINE = "99.99"  # of products whose maker is unknown


def image_name(image: Image) -> str:
    """Return the name of an image in a cut-out, without its suffix."""
    band, gsd_m = image
    return f"T_{band}_{gsd_m:02d}m"


def product_xml(
    level: str,
    images: Sequence[Image],
    taken: datetime,
    tile: str,
    baseline: str,
    offset_dn: int,
    quantification: float,
) -> str:
    """Return the metadata of a product.

    Args:
        level: processing level, "L1C" or "L2A".
        images: bands (or "SCL") and their pixel sizes in metres.
        taken: time of the acquisition.
        tile: tile of the military grid; empty if unknown.
        baseline: processing baseline; empty if unknown.
        offset_dn: DN to add before scaling.
        quantification: DN per unit of reflectance.
    """
    short = level[1:]
    prefix, quantity = ("RADIO", "QUANTIFICATION_VALUE") if level == "L1C" else ("BOA", "BOA_QUANTIFICATION_VALUE")
    numbers = range(len(_IDENTIFIERS))
    listed = "".join(f"<IMAGE_FILE>{image_name(image)}</IMAGE_FILE>" for image in images)
    offsets = "".join(f'<{prefix}_ADD_OFFSET band_id="{i}">{offset_dn}</{prefix}_ADD_OFFSET>' for i in numbers)
    bands = "".join(f'<Spectral_Information bandId="{i}" physicalBand="{_IDENTIFIERS[i]}"/>' for i in numbers)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-{short}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-{short}.xsd">
<n1:General_Info><Product_Info>
<PRODUCT_START_TIME>{taken.isoformat()}</PRODUCT_START_TIME>
<PROCESSING_BASELINE>{escape(baseline or _NO_BASELINE)}</PROCESSING_BASELINE>
<Product_Organisation><Granule_List>
<Granule granuleIdentifier="T{escape(tile)}" imageFormat="GeoTIFF">{listed}</Granule>
</Granule_List></Product_Organisation></Product_Info>
<Product_Image_Characteristics><{quantity} unit="none">{quantification:.10g}</{quantity}>{offsets}
<Spectral_Information_List>{bands}</Spectral_Information_List></Product_Image_Characteristics></n1:General_Info>
</n1:Level-{short}_User_Product>
"""
