import numpy as np
import pytest

from rs_srgan import InputError, super_resolve
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import FUSION, pixels


def test_20_m_bands_on_the_10_m_grid_are_refused(fusion, write_tif, tmp_path):
    dn = scene_dn(20, 20, bands=10)
    source = write_tif(dn, bands=(*RGBN, *FUSION.bands))
    with pytest.raises(InputError, match="product"):
        super_resolve(source, tmp_path / "out.tif", fusion)


@pytest.fixture
def thinned_out(write_tif):
    return write_tif(scene_dn(300, 320)[:, ::4, ::4])


@pytest.mark.parametrize("tile", [16, 64])
def test_softened_pixels_do_not_depend_on_the_tile(model, write_tif, tmp_path, tile):
    dn = scene_dn(75, 80)
    dn[:, 20:45, 30:60] = 0
    source, results = write_tif(dn, nodata=0), []
    for size in (tile, 512):
        target = tmp_path / f"{size}.tif"
        super_resolve(source, target, model, soften=True, tile=size, engine="torch", precision="fp32")
        results.append(pixels(target))
    assert np.abs(results[0] - results[1]).max() <= 1


def test_softening_lowers_the_contrast_of_neighbours(model, thinned_out, tmp_path):
    for soften in (False, True):
        super_resolve(thinned_out, tmp_path / f"{soften}.tif", model, soften=soften, engine="torch", precision="fp32")
    hard, soft = (np.abs(np.diff(pixels(tmp_path / f"{soften}.tif"), axis=1)).mean() for soften in (False, True))
    assert soft < 0.8 * hard


def test_revisits_are_not_softened(misr, thinned_out, tmp_path):
    with pytest.raises(InputError, match="soften"):
        super_resolve([thinned_out, thinned_out], tmp_path / "out.tif", misr, soften=True)
