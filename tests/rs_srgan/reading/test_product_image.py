import logging
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.product_image import warn_of_lost_product
from rs_srgan.reading.stack import open_stack
from rs_srgan.reading.stated import Stated
from rs_srgan.reading.virtual import virtual_file
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.safe_builder import build_safe, zip_safe

DN = scene_dn(20, 30)
IMAGES = {(band, 10): DN[at] for at, band in enumerate(RGBN)}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    safe = build_safe(tmp_path_factory.mktemp("product"), IMAGES)
    return safe, zip_safe(safe)


def read(source):
    with open_raster(source, ("B02",)) as raster:
        return raster.read(Window(0, 0, 20, 30))[0][0], raster.taken


def ways(safe, archive, folder):
    """Return one image of a product by every kind of path; its links carry names without a band or a date."""
    image = next(safe.rglob("*_B02_10m.jp2"))
    inside = f"{safe.name}/{image.relative_to(safe).as_posix()}"
    (folder / "image_link.jp2").symlink_to(image)
    (folder / "folder_link").symlink_to(safe / "GRANULE")
    linked = folder / "linked.SAFE"
    for path in (each for each in safe.rglob("*") if each.is_file()):  # a product made of links into a store
        link = linked / path.relative_to(safe)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    suffixless = folder / "download"
    suffixless.write_bytes(archive.read_bytes())
    return {
        "absolute": image,
        "relative": Path(os.path.relpath(image)),
        "link": folder / "image_link.jp2",
        "link of a folder": folder / "folder_link" / image.relative_to(safe / "GRANULE"),
        "product of links": linked / image.relative_to(safe),
        "in an archive": archive / inside,
        "in an archive without suffix": suffixless / inside,
        "/vsizip/": virtual_file(f"/vsizip/{archive}/{inside}"),
        "/vsizip/ with braces": virtual_file(f"/vsizip/{{{archive}}}/{inside}"),
        "zip://": virtual_file(f"zip://{archive}!/{inside}"),
    }


def test_an_image_has_the_offset_and_the_date_of_its_product_by_every_path(product, tmp_path, caplog):
    for way, source in ways(*product, tmp_path).items():
        image, taken = read(source)
        np.testing.assert_allclose(image, (DN[2] - 1000.0) / 10_000, atol=1e-7, err_msg=way)
        assert taken == date(2023, 8, 10), way
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_product_inside_its_archive_is_the_product(product):
    safe, archive = product
    for inside in ("", f"/{safe.name}", f"/{safe.name}/MTD_MSIL2A.xml"):
        with open_raster(virtual_file(f"/vsizip/{archive}{inside}"), RGBN) as raster:
            assert raster.product


def test_images_inside_an_archive_are_stacked(product):
    safe, archive = product
    images = [f"/vsizip/{archive}/{safe.name}/{path.relative_to(safe)}" for path in safe.rglob("*_B*.jp2")]
    with open_stack(images, RGBN) as raster:
        image, _ = raster.read(Window(0, 0, 20, 30))
    np.testing.assert_allclose(image, (DN - 1000.0) / 10_000, atol=1e-7)


def test_an_image_without_its_product_says_so(product, tmp_path, caplog):
    image = next(product[0].rglob("*_B02_10m.jp2"))
    lost = tmp_path / image.name
    lost.write_bytes(image.read_bytes())
    np.testing.assert_allclose(read(lost)[0], DN[2] / 10_000, atol=1e-7)
    assert "--offset -1000" in caplog.text and image.name in caplog.text
    caplog.clear()
    with open_raster(lost, ("B02",), Stated(offset=-1000)):
        assert not caplog.text


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("T33TWL_20230810T100031_B04.jp2", True),
        ("L2A_T33TWL_20170810T100031_B04_10m.jp2", True),
        ("S2A_OPER_MSI_L1C_TL_EPA__20160605T113933_A000734_T32TQM_B02.jp2", True),
        ("T33TWL_20230810T100031_SCL_20m.jp2", False),
        ("B04.tif", False),
    ],
)
def test_names_of_images_of_products_are_known(name, lost, caplog):
    warn_of_lost_product(name)
    assert bool(caplog.text) == lost
