import pytest

from rs_srgan.cli.main import main
from tests.conftest import scene_dn


def test_model_and_bands_exclude_each_other(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["predict", "a.tif", "-o", "b.tif", "--model", "m", "--bands", "20m"])
    assert caught.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err


def test_bands_of_20_m_take_one_image(write_tif, tmp_path, capsys):
    images = [str(write_tif(scene_dn(16, 16), name)) for name in ("a.tif", "b.tif")]
    assert main(["predict", *images, "-o", str(tmp_path / "o.tif"), "--bands", "20m"]) == 2
    assert "--bands 20m takes one image; here are 2" in capsys.readouterr().err
