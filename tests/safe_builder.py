"""Small, valid Sentinel-2 products with real JPEG 2000 images."""

import shutil
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

_PHYSICAL = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12")
_STAMP = "T33TWL_20230810T100031"


def build_safe(
    folder: Path,
    images: dict[tuple[str, int], np.ndarray],
    *,
    level: str = "L2A",
    baseline: str = "05.09",
    offset: int | None = -1000,
    quantification: int = 10000,
    block_px: int = 128,
    crs: str = "EPSG:32633",
    corner: tuple[float, float] = (499_980, 5_000_040),
) -> Path:
    """Write a product into `folder`.

    Args:
        folder: existing folder for the product.
        images: DN, uint16 (H, W), by band (or "SCL") and pixel size in metres.
        level: processing level, "L1C" or "L2A".
        baseline: processing baseline.
        offset: offset of every band, DN; None leaves the list of offsets out.
        quantification: DN per unit of reflectance.
        block_px: side of the images' blocks, pixels.
        crs: CRS of the images.
        corner: x and y of the upper left corner, in `crs`.

    Returns:
        the path of the .SAFE folder.
    """
    safe = folder / f"S2B_MSI{level}_20230810T100031_N{baseline.replace('.', '')}_R122_T33TWL_20230810T132345.SAFE"
    granule = f"GRANULE/{level}_T33TWL_A033562_20230810T100031"
    listed = []
    for (band, gsd_m), dn in images.items():
        name = f"{_STAMP}_{band}" if level == "L1C" else f"R{gsd_m}m/{_STAMP}_{band}_{gsd_m}m"
        listed.append(f"{granule}/IMG_DATA/{name}")
        transform = Affine(gsd_m, 0, corner[0], 0, -gsd_m, corner[1])
        _write_jp2(safe / f"{listed[-1]}.jp2", dn, crs, transform, block_px)
    prefix = {"L1C": "RADIO", "L2A": "BOA"}[level]
    quantity = "QUANTIFICATION_VALUE" if level == "L1C" else "BOA_QUANTIFICATION_VALUE"
    offsets = "".join(f'<{prefix}_ADD_OFFSET band_id="{i}">{offset}</{prefix}_ADD_OFFSET>' for i in range(13))
    identifier = f"S2B_OPER_MSI_{level}_TL_2BPS_20230810T132345_A033562_T33TWL_N{baseline}"
    bands = "".join(f'<Spectral_Information bandId="{i}" physicalBand="{b}"/>' for i, b in enumerate(_PHYSICAL))
    (safe / f"MTD_MSI{level}.xml").write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-{level[1:]}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-{level[1:]}.xsd">
<n1:General_Info><Product_Info>
<PRODUCT_START_TIME>2023-08-10T10:00:31.024Z</PRODUCT_START_TIME>
<PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE>
<Product_Organisation><Granule_List>
<Granule granuleIdentifier="{identifier}" imageFormat="JPEG2000">
{"".join(f"<IMAGE_FILE>{name}</IMAGE_FILE>" for name in listed)}
</Granule></Granule_List></Product_Organisation></Product_Info>
<Product_Image_Characteristics><{quantity} unit="none">{quantification}</{quantity}>
{offsets if offset is not None else ""}
<Spectral_Information_List>{bands}</Spectral_Information_List></Product_Image_Characteristics></n1:General_Info>
<n1:Quality_Indicators_Info><Cloud_Coverage_Assessment>12.5</Cloud_Coverage_Assessment></n1:Quality_Indicators_Info>
</n1:Level-{level[1:]}_User_Product>
""",
        encoding="utf-8",
    )
    return safe


def zip_safe(safe: Path) -> Path:
    """Pack a product like a download: a zip archive with the .SAFE folder in it. Return its path."""
    return Path(shutil.make_archive(str(safe), "zip", safe.parent, safe.name))


def _write_jp2(path: Path, dn: np.ndarray, crs: str, transform: Affine, block_px: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="JP2OpenJPEG",
        count=1,
        height=dn.shape[0],
        width=dn.shape[1],
        dtype=dn.dtype,
        crs=crs,
        transform=transform,
        quality=100,
        reversible=True,
        blockxsize=block_px,
        blockysize=block_px,
        num_threads="all_cpus",
    ) as image:
        image.write(dn, 1)
