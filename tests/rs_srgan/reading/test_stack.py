import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.stack import open_stack
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import RGBN
from tests.conftest import UTM_10M, scene_dn
from tests.safe_builder import build_safe

DN = scene_dn(20, 30)
NAMED = {
    "T33TWL": "T33TWL_20230810T100031_{}_10m.tif",
    "bare": "{}.tif",
    "HLS": "HLS.S30.T33TWL.2023222T100031.v2.0.{}.tif",
}


def write_bands(write_tif, pattern="{}.tif", order=(2, 1, 0, 3), **profile):
    return [write_tif(DN[[at]], pattern.format(RGBN[at]), bands=None, **profile) for at in order]


def read_stack(paths, **stated):
    with open_stack(paths, RGBN, Stated(**stated)) as raster:
        return raster.read(Window(0, 0, raster.grid.height, raster.grid.width))


@pytest.mark.parametrize("scheme", NAMED)
def test_the_names_of_the_files_name_the_bands(write_tif, scheme):
    paths = write_bands(write_tif, NAMED[scheme])
    image, valid = read_stack(paths)
    np.testing.assert_allclose(image, DN / 10_000, atol=1e-7)
    assert valid.all()


def test_stated_names_are_those_of_the_files(write_tif):
    paths = [write_tif(DN[[at]], f"{at}.tif", bands=None) for at in range(4)]
    np.testing.assert_allclose(read_stack(paths, band_names=RGBN)[0], DN / 10_000, atol=1e-7)
    with pytest.raises(InputError, match="B04"):
        read_stack(paths)
    with pytest.raises(InputError, match="states"):
        read_stack(paths, band_names=RGBN[:3])


def test_a_band_given_twice_or_not_at_all_is_refused(write_tif):
    paths = write_bands(write_tif)
    for wrong in (paths[:3], [*paths[:3], paths[0]]):
        with pytest.raises(InputError, match="file"):
            read_stack(wrong)


def test_files_of_several_dates_are_refused_with_a_remedy(write_tif):
    """Given as revisits, each is refused with the remedy to stack them: see test_bands."""
    paths = [path for day in ("20230810", "20230820") for path in write_bands(write_tif, f"T33TWL_{day}_{{}}.tif")]
    with pytest.raises(InputError, match="dates"):
        read_stack(paths)


@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_images_out_of_a_product_have_its_offset_and_nodata(tmp_path, level):
    dn = DN.copy()
    dn[:, :3] = 0
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)}, level=level)
    images = sorted(safe.rglob("*_B0*.jp2"))
    image, valid = read_stack(images)
    np.testing.assert_allclose(image[:, 3:], (dn[:, 3:] - 1000.0) / 10_000, atol=1e-7)
    assert not valid[:, :3].any() and valid[:, 3:].all()
    np.testing.assert_allclose(read_stack(images, offset=0)[0][:, 3:], dn[:, 3:] / 10_000, atol=1e-7)
    (metadata,) = safe.glob("MTD_*.xml")
    metadata.write_text(metadata.read_text()[:200])
    with pytest.raises(InputError, match="--offset"):
        read_stack(images)
    assert read_stack(images, offset=-1000, scale=1e-4)[1][:, 3:].all()


def test_an_image_beside_a_product_is_none_of_its_images(tmp_path, write_tif):
    safe = build_safe(tmp_path, {(band, 10): DN[index] for index, band in enumerate(RGBN)})
    mine = [path.rename(safe / path.name) for path in write_bands(write_tif)]
    np.testing.assert_allclose(read_stack(mine)[0], DN / 10_000, atol=1e-7)


def test_files_that_do_not_fit_are_refused(write_tif):
    paths = write_bands(write_tif)
    moved = write_tif(DN[[3]], "moved_B08.tif", bands=None, transform=UTM_10M.translation(10, 0) * UTM_10M)
    with pytest.raises(InputError, match="grid"):
        read_stack([*paths[:3], moved])
    floats = write_tif((DN[[3]] / 10_000).astype(np.float32), "floats_B08.tif", bands=None)
    with pytest.raises(InputError, match="float32"):
        read_stack([*paths[:3], floats])


def test_a_file_of_several_bands_or_a_product_is_refused(write_tif, tmp_path):
    paths = write_bands(write_tif)
    with pytest.raises(InputError, match="bands"):
        read_stack([*paths[:3], write_tif(DN[:2], "two_B08.tif", bands=None)])
    with pytest.raises(InputError, match="product"):
        read_stack([*paths, build_safe(tmp_path, {("B02", 10): DN[0]})])


def test_each_file_has_its_own_scale(write_tif):
    paths = write_bands(write_tif)
    with rasterio.open(paths[0], "r+") as dataset:  # blue
        dataset.scales, dataset.offsets = (1e-4,), (-0.1,)
    expected = DN / 10_000
    expected[2] -= 0.1
    np.testing.assert_allclose(read_stack(paths)[0], expected, atol=1e-6)
