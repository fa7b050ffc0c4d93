import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.reading.paths import existing, split_address
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all


def test_a_name_with_a_nul_is_refused():
    with pytest.raises(InputError, match="NUL"):
        read_all("a\0b.tif")


def test_a_name_like_an_address_is_read_as_a_name(write_tif, tmp_path, monkeypatch):
    dn = scene_dn(5, 6)
    write_tif(dn, "zip:a.tif")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(read_all("zip:a.tif")[0], dn / 10_000, atol=1e-7)


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(InputError, match="exist"):
        existing(tmp_path / "none.tif")


def test_an_existing_path_becomes_absolute(tmp_path, monkeypatch):
    (tmp_path / "a.tif").touch()
    monkeypatch.chdir(tmp_path)
    assert existing("a.tif") == tmp_path / "a.tif"


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_not_the_present_folder(name):
    with pytest.raises(InputError, match="empty"):
        existing(name)


def test_an_invalid_address_is_refused():
    assert split_address("https://host/a").scheme == "https" and split_address("a.tif").scheme == ""
    with pytest.raises(InputError, match="invalid"):
        split_address("http://[::1")
