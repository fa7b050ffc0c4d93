import pytest

from rs_srgan.cli.main import main


def test_model_and_bands_exclude_each_other(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["predict", "a.tif", "-o", "b.tif", "--model", "m", "--bands", "20m"])
    assert caught.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err
