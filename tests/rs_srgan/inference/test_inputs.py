import pytest

from rs_srgan import InputError, super_resolve
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import FUSION


def test_20_m_bands_on_the_10_m_grid_are_refused(fusion, write_tif, tmp_path):
    dn = scene_dn(20, 20, bands=10)
    source = write_tif(dn, bands=(*RGBN, *FUSION.bands))
    with pytest.raises(InputError, match="product"):
        super_resolve(source, tmp_path / "out.tif", fusion)
