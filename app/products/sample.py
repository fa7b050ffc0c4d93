"""A small Sentinel-2 product to try the tab for products, made from the sample.

The images of 10 m are the sample's pixels. Those of 20 m are simulated from them, with the blur of the sensor. The
tile, the date and the orbit are made up.
"""

import shutil
from pathlib import Path

import numpy as np
import rasterio
import torch

from app.jobs.sample import SAMPLE_BANDS, SAMPLE_CRS, sample_dn, sample_transform
from rs_srgan.pixels.radiometry import Image
from rs_srgan.sensors import SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf

SAMPLE_PRODUCT = "sample_product.zip"
SAMPLE_NOTE = (
    "This product is made from the sample. Its pixels of 10 m are those of the Sentinel-2 chip in the package spyndex "
    "(MIT). Its place, in the sea at 0° N 3° E, and its date are made up."
)
_NAME = "S2A_MSIL2A_20230601T100000_N0509_R000_T31NEA_20230601T120000.SAFE"
_GRANULE, _STAMP = "GRANULE/L2A_T31NEA_A000000_20230601T100000", "T31NEA_20230601T100000"
# Since baseline 04.00 the DN of products are larger by this number.
_ADDED_DN = 1000
_METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
<n1:General_Info><Product_Info>
<PRODUCT_START_TIME>2023-06-01T10:00:00.000Z</PRODUCT_START_TIME>
<PROCESSING_BASELINE>05.09</PROCESSING_BASELINE>
<Product_Organisation><Granule_List><Granule granuleIdentifier="{granule}" imageFormat="JPEG2000">
{images}
</Granule></Granule_List></Product_Organisation></Product_Info>
<Product_Image_Characteristics><BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
{offsets}
<Spectral_Information_List>{bands}</Spectral_Information_List></Product_Image_Characteristics></n1:General_Info>
<n1:Quality_Indicators_Info><Cloud_Coverage_Assessment>0.0</Cloud_Coverage_Assessment></n1:Quality_Indicators_Info>
</n1:Level-2A_User_Product>
"""


def write_sample_product(folder: Path) -> Path:
    """Write the product into `folder` as a zip archive; return its path."""
    dn = sample_dn()
    fine = torch.from_numpy(dn.astype("float32"))[None]
    coarse = degrade(fine, 2, wald_mtf(SENTINEL2.mtf_nyquist(SAMPLE_BANDS), 2))[0].round().numpy().astype("uint16")
    safe, listed = folder / "product" / _NAME, []
    for gsd_m, images in ((10, dn), (20, coarse)):
        for band, image in zip(SAMPLE_BANDS, images, strict=True):
            if (band, gsd_m) == ("B08", 20):  # products have it at 10 m only
                continue
            listed.append(f"{_GRANULE}/IMG_DATA/R{gsd_m}m/{_STAMP}_{band}_{gsd_m}m")
            _write_image(safe / f"{listed[-1]}.jp2", image + np.uint16(_ADDED_DN), gsd_m)
    metadata = _METADATA.format(
        granule="S2A_OPER_MSI_L2A_TL_2APS_20230601T120000_A000000_T31NEA_N05.09",
        images="\n".join(f"<IMAGE_FILE>{name}</IMAGE_FILE>" for name in listed),
        offsets="".join(
            f'<BOA_ADD_OFFSET band_id="{index}">-{_ADDED_DN}</BOA_ADD_OFFSET>' for index in range(len(SENTINEL2.bands))
        ),
        bands="".join(
            f'<Spectral_Information bandId="{index}" physicalBand="{band.name.replace("B0", "B")}"/>'
            for index, band in enumerate(SENTINEL2.bands)
        ),
    )
    (safe / "MTD_MSIL2A.xml").write_text(metadata, encoding="utf-8")
    made = shutil.make_archive(str(folder / Path(SAMPLE_PRODUCT).stem), "zip", safe.parent, safe.name)
    shutil.rmtree(safe.parent)
    return Path(made)


def _write_image(path: Path, dn: Image, gsd_m: int) -> None:
    """Write one band as JPEG 2000 without loss; results carry its note over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = dn.shape
    place = {"crs": SAMPLE_CRS, "transform": sample_transform(gsd_m)}
    lossless = {"quality": 100, "reversible": True, "WRITE_METADATA": "YES"}
    size = {"count": 1, "height": height, "width": width, "dtype": "uint16"}
    with rasterio.open(path, "w", driver="JP2OpenJPEG", **size, **place, **lossless) as image:
        image.write(dn, 1)
        image.update_tags(ATTRIBUTION=SAMPLE_NOTE)
