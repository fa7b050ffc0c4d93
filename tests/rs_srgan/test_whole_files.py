import os
import resource

import pytest

from rs_srgan.whole_files import whole_file, whole_files


def test_files_appear_when_all_of_them_are_complete(tmp_path):
    folder = tmp_path / "a" / "b"
    with whole_files(folder) as fresh:
        (fresh / "one.txt").write_text("1")
        (fresh / "inside").mkdir()
        (fresh / "inside" / "two.txt").write_text("2")
        assert not folder.exists()
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.txt")} == {"one.txt", "inside/two.txt"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def write_half(folder, error):
    with whole_files(folder) as fresh:
        (fresh / "one.txt").write_text("half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_changes_after_an_error_or_a_stop(tmp_path, error):
    (tmp_path / "one.txt").write_text("before")
    for folder in (tmp_path, tmp_path / "new" / "folder"):
        with pytest.raises(error):
            write_half(folder, error)
    assert [path.name for path in tmp_path.iterdir()] == ["one.txt"] and (tmp_path / "one.txt").read_text() == "before"


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path):
    """A snapshot in the Hub's cache holds links to files that other snapshots use, too."""
    (tmp_path / "blob").write_text("before")
    (tmp_path / "soft").symlink_to("blob")
    os.link(tmp_path / "blob", tmp_path / "hard")
    for name in ("soft", "hard"):
        with whole_file(tmp_path / name) as fresh:
            fresh.write_text("after")
        assert (tmp_path / name).read_text() == "after" and not (tmp_path / name).is_symlink()
    assert (tmp_path / "blob").read_text() == "before"


def test_a_file_where_the_folder_should_be_is_refused_first(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileExistsError), whole_files(tmp_path / "file"):
        pytest.fail("the block must not begin")


def test_the_mode_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with whole_files(tmp_path / "new") as fresh:
            (fresh / "one.txt").write_text("1")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "new" / "one.txt").stat().st_mode & 0o777 == 0o640


def test_a_full_disk_leaves_the_earlier_model(model, model_folder):
    """A limit on the size of files acts as a full disk does: the weights end in the middle."""
    before = {path.name: path.read_bytes() for path in model_folder.iterdir()}
    assert len(before["model.safetensors"]) > 20_000
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            model.save_pretrained(model_folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in model_folder.iterdir()} == before
