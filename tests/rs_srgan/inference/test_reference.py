"""The reference among revisits, when they are not all of one place."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan import InputError, super_resolve
from rs_srgan.inference.series import open_series
from tests.conftest import UTM_10M
from tests.rs_srgan.inference.test_series import SIDE, dn, ground, misr, revisits  # noqa: F401
from tests.rs_srgan.registration.test_shift import moved

FAR = UTM_10M * Affine.translation(11_000, 0)  # 110 km to the east


@pytest.fixture
def elsewhere(write_tif):
    """A larger image of another place."""
    return write_tif(dn(ground(2 * SIDE, seed=5)), "there_20240604.tif", nodata=0, transform=FAR)


@pytest.mark.parametrize("at", [0, 3])
def test_one_image_of_another_place_is_left_out(misr, revisits, elsewhere, tmp_path, caplog, at):  # noqa: F811
    given = [*revisits[:3]]
    given.insert(at, elsewhere)
    with open_series(given, misr) as series:
        assert series.lr.name in {path.name for path in revisits}
        roles = {summary.source: summary.role for summary in series.summaries}
        assert len(series.views) == 2
        assert [raster.name for raster in series.rasters] == [summary.name for summary in series.summaries]
    assert roles[at] == "not used: it shows another place"
    assert f"{elsewhere.name} shows another place" in caplog.text
    with_it = super_resolve(given, tmp_path / "with.tif", misr)
    without = super_resolve(revisits[:3], tmp_path / "without.tif", misr)
    with rasterio.open(with_it) as one, rasterio.open(without) as other:
        assert one.bounds == other.bounds
        np.testing.assert_array_equal(one.read(), other.read())


def test_other_zones_do_not_hide_that_the_place_is_another_one(misr, revisits, write_tif):  # noqa: F811
    """In the reference's zone the place is so far away that its pixels have another size."""
    there = write_tif(dn(ground(seed=5)), "there.tif", nodata=0, crs=rasterio.crs.CRS.from_epsg(32610))
    with open_series([*revisits[:2], there], misr) as series:
        assert series.summaries[2].role == "not used: it shows another place"


@pytest.mark.parametrize("reference", [None, 0, 1])
def test_images_of_two_places_are_refused_by_name(misr, revisits, elsewhere, tmp_path, reference):  # noqa: F811
    with pytest.raises(InputError, match="nothing") as caught:
        super_resolve([revisits[0], elsewhere], tmp_path / "out.tif", misr, reference=reference)
    assert elsewhere.name in str(caught.value) and revisits[0].name in str(caught.value)
    assert not list(tmp_path.glob("out*"))


def test_copies_of_another_place_do_not_outvote_images_of_one(misr, revisits, elsewhere):  # noqa: F811
    with open_series([elsewhere] * 3 + revisits[:2], misr) as series:
        assert series.lr.name != elsewhere.name
        assert [summary.role for summary in series.summaries].count("used") == 1


def test_the_image_that_all_others_overlap_is_the_reference(misr, write_tif):  # noqa: F811
    """Two images lie side by side; the third one covers a part of both, with holes."""
    fine = ground(2 * SIDE)
    left = write_tif(dn(fine[:, :SIDE, :SIDE]), "left.tif", nodata=0)
    right = write_tif(dn(fine[:, :SIDE, SIDE:]), "right.tif", nodata=0, transform=UTM_10M * Affine.translation(SIDE, 0))
    middle = dn(np.stack([moved(band, 0.4, 0.3) for band in fine])[:, :SIDE, SIDE // 2 : 3 * SIDE // 2])
    middle[:, :20] = 0
    between = write_tif(middle, "between.tif", nodata=0, transform=UTM_10M * Affine.translation(SIDE // 2, 0))
    with open_series([left, right, between], misr) as series:
        assert series.lr.name == "between.tif"
        assert len(series.views) == 2
