import os

import pytest

from rs_srgan import InputError
from rs_srgan.writing.target import check_target, check_targets
from rs_srgan.writing.unfinished import Unfinished


def test_an_impossible_target_is_refused_before_the_work(tmp_path):
    source = tmp_path / "in.tif"
    source.write_text("x")
    for target, words in (
        (source, "input"),
        (tmp_path / "out.png", r"\.tif"),
        (tmp_path / "no" / "out.tif", "exist"),
    ):
        with pytest.raises(InputError, match=words):
            check_target(target, [source], overwrite=True)
    (tmp_path / "d.tif").mkdir()
    with pytest.raises(InputError, match="folder"):
        check_target(tmp_path / "d.tif", [source], overwrite=True)


def test_through_a_link_the_file_is_replaced_and_the_link_stays(tmp_path):
    real = tmp_path / "real.tif"
    real.write_text("old")
    link = tmp_path / "link.tif"
    link.symlink_to(real)
    assert check_target(link, [tmp_path / "in.tif"], overwrite=True) == real
    with pytest.raises(InputError, match="exists"):
        check_target(link, [tmp_path / "in.tif"], overwrite=False)


def test_a_link_that_leads_back_to_itself_is_refused(tmp_path):
    (tmp_path / "a.tif").symlink_to(tmp_path / "b.tif")
    (tmp_path / "b.tif").symlink_to(tmp_path / "a.tif")
    with pytest.raises(InputError, match="itself"):
        check_target(tmp_path / "a.tif", [tmp_path / "in.tif"], overwrite=True)


def test_a_link_to_the_input_is_refused(tmp_path):
    source = tmp_path / "in.tif"
    source.write_text("x")
    (tmp_path / "link.tif").symlink_to(source)
    with pytest.raises(InputError, match="input"):
        check_target(tmp_path / "link.tif", [source], overwrite=True)


def test_a_name_with_a_nul_is_refused(tmp_path):
    with pytest.raises(InputError, match="NUL"):
        check_target(f"{tmp_path}/a\0.tif", [tmp_path / "in.tif"], overwrite=True)


def test_a_folder_that_is_not_writable_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(InputError, match="writable"):
        check_target(tmp_path / "out.tif", [tmp_path / "in.tif"], overwrite=False)


def test_a_target_that_a_killed_run_completed_is_allowed_for_resume_only(tmp_path):
    target = tmp_path / "out.tif"
    target.write_text("whole")
    with pytest.raises(InputError, match="exists"):
        check_target(target, [], overwrite=False, resume=True)
    os.link(target, tmp_path / "out.tif.partial")
    assert check_target(target, [], overwrite=False, resume=True) == target
    with pytest.raises(InputError, match="exists"):
        check_target(target, [], overwrite=False)


@pytest.mark.parametrize("as_cog", [False, True], ids=["geotiff", "cog"])
def test_what_is_left_beside_complete_results_is_removed_when_they_are_refused(tmp_path, as_cog):
    targets = [tmp_path / "out.tif", tmp_path / "width.tif"]
    for target in targets:
        unfinished = Unfinished(target, {"scale": 4}, parts=1)
        unfinished.pixels.write_text("whole")
        unfinished.copy.write_text("whole, with overviews")
        unfinished.note(1)
        unfinished.publish(unfinished.copy if as_cog else unfinished.pixels)  # then the process is killed
        contents = target.read_text()
    for left in tmp_path.glob("width.tif.partial*"):  # it was removing these files
        left.unlink()
    with pytest.raises(InputError, match="exists"):
        check_targets(targets, [], overwrite=False, resume=True)
    assert sorted(tmp_path.iterdir()) == sorted(targets)
    assert targets[0].read_text() == contents
