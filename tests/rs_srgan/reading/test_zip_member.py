import zipfile

import pytest

from rs_srgan import InputError
from rs_srgan.reading.zip_member import find_member


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "a b.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("P.SAFE/IMG/one.jp2", b"1")
        out.writestr("P.SAFE\\IMG\\two.jp2", b"2")
    return path


def test_every_way_to_write_a_path_inside_an_archive_is_understood(archive, monkeypatch):
    monkeypatch.chdir(archive.parent)
    for form in (f"{archive}/P.SAFE/IMG/one.jp2", "a b.zip/P.SAFE/IMG/one.jp2", "/vsizip/a b.zip/P.SAFE/IMG/one.jp2"):
        member = find_member(form)
        assert (member.archive, member.name) == (archive, "P.SAFE/IMG/one.jp2")
        assert member.address == f"/vsizip/{archive}/P.SAFE/IMG/one.jp2"
    assert find_member(f"/vsizip/{{{archive}}}/P.SAFE/IMG/two.jp2").name == "P.SAFE\\IMG\\two.jp2"
    assert find_member(f"/vsizip/{archive}").name == ""


def test_other_paths_name_no_member(archive, tmp_path):
    image = tmp_path / "a.tif"
    image.write_bytes(b"II*\0")
    for path in (archive, image, image / "b.tif", tmp_path, "", "/vsicurl/http://a/b.zip/c", "a\0b", "x" * 5000):
        assert find_member(path) is None


@pytest.mark.parametrize(
    ("inside", "shown"), [("P.SAFE/IMG", "folder"), ("one.jp2", "P.SAFE/IMG/one.jp2"), ("no", "has")]
)
def test_a_missing_member_is_refused_with_what_there_is(archive, inside, shown):
    with pytest.raises(InputError, match="one.jp2" if shown == "has" else shown):
        find_member(archive / inside)
