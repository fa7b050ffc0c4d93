import pytest
import rasterio

from rs_srgan.cli.main import main
from tests.conftest import scene_dn


def test_options_reach_super_resolve(write_tif, model_folder, tmp_path):
    target = tmp_path / "out.tif"
    options = ["--compress", "deflate", "--tile", "5", "--threads", "2", "--precision", "fp32", "--offset", "-1000"]
    arguments = ["predict", str(write_tif(scene_dn(12, 10) + 1000)), "-o", str(target), "--model", str(model_folder)]
    assert main([*arguments, *options, "--quiet", "--overwrite"]) == 0
    with rasterio.open(target) as result:
        assert result.profile["compress"] == "deflate"
        assert result.offsets == pytest.approx((-0.1,) * 4)
