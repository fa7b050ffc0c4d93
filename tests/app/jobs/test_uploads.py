import pytest

from app.jobs.uploads import clear_uploads, keep
from rs_srgan import InputError


def test_an_upload_is_kept_under_another_name(tmp_path):
    upload = tmp_path / "a.tif"
    upload.write_bytes(b"II*\0\x08\0\0\0 pixels")
    kept = keep(upload, tmp_path / "b.tif")
    upload.unlink()
    assert kept.read_bytes() == b"II*\0\x08\0\0\0 pixels"


def test_a_removed_upload_is_refused(tmp_path):
    with pytest.raises(InputError, match="removed"):
        keep(tmp_path / "a.tif", tmp_path / "b.tif")


@pytest.mark.parametrize("name", ["a.tif", "a.TIFF", "scene", "download.bin", "a.tif.part", "a.zip"])
def test_the_content_decides_not_the_suffix(tmp_path, name):
    (tmp_path / name).write_bytes(b"II*\0\x08\0\0\0 pixels")
    assert keep(tmp_path / name, tmp_path / "kept").is_file()


@pytest.mark.parametrize(
    ("content", "words"), [(b"<VRTDataset/>", "GeoTIFF"), (b"PK\x03\x04 and more", "archive"), (b"", "GeoTIFF")]
)
def test_other_content_is_refused_under_the_name_of_an_image(tmp_path, content, words):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(InputError, match=words):
        keep(tmp_path / "a.tif", tmp_path / "kept")


def test_what_broke_off_is_removed_with_old_uploads_and_empty_folders(tmp_path):
    """Gradio names a file tmp... until it is complete."""
    files = [tmp_path / "tmp0", tmp_path / "hash" / "a.tif"]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.touch()
    clear_uploads(tmp_path, 1000)
    assert all(file.exists() for file in files)
    clear_uploads(tmp_path, -1)  # as if all were old
    assert list(tmp_path.iterdir()) == []
    clear_uploads(tmp_path / "none", 0)
