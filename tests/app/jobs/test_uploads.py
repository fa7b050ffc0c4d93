import pytest

from app.jobs.uploads import check_suffix, keep
from rs_srgan import InputError


def test_an_upload_is_kept_under_another_name(tmp_path):
    upload = tmp_path / "a.tif"
    upload.write_bytes(b"pixels")
    kept = keep(upload, tmp_path / "b.tif")
    upload.unlink()
    assert kept.read_bytes() == b"pixels"


def test_a_removed_upload_is_refused(tmp_path):
    with pytest.raises(InputError, match="removed"):
        keep(tmp_path / "a.tif", tmp_path / "b.tif")


@pytest.mark.parametrize("name", ["a.vrt", "a.zip", "a", ".tif"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="suffix"):
        check_suffix(tmp_path / name)
