import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from rs_srgan.errors import InputError, ReadError
from rs_srgan.writing.target import check_targets
from rs_srgan.writing.unfinished import Unfinished, checksum, was_published

REQUEST = {"input": [["a.tif", 12]], "tile size": 512, "region": [1.5, None]}


def fail(target, error, done):
    """Run until an error after `done` of ten parts."""
    with Unfinished(target, REQUEST, 10) as unfinished:
        unfinished.pixels.write_text("pixels")
        if done:
            unfinished.note(done)
        raise error


def leave_off(target, done=3):
    """Run until Ctrl-C after `done` of ten parts; return the path of the pixels."""
    with pytest.raises(KeyboardInterrupt):
        fail(target, KeyboardInterrupt(), done)
    return target.with_name(f"{target.name}.partial")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.tif"


def test_a_target_that_another_run_finished_before_the_lock_was_free_is_refused(tmp_path):
    """Both runs saw no target when they began; the second gets the lock when the first has ended."""
    target = tmp_path / "out.tif"
    target.write_bytes(b"whole")
    for resume in (False, True):
        with pytest.raises(InputError, match="exists"):
            Unfinished(target, {}, 4, resume=resume)
    assert target.read_bytes() == b"whole" and [path.name for path in tmp_path.iterdir()] == ["out.tif"]
    with Unfinished(target, {}, 4, overwrite=True):
        pass


def test_a_complete_file_gets_its_name_and_leaves_nothing_beside_it(target):
    with Unfinished(target, REQUEST, 10) as unfinished:
        unfinished.pixels.write_text("whole")
        unfinished.note(10)
        unfinished.publish(unfinished.pixels)
    assert [path.name for path in target.parent.iterdir()] == ["out.tif"]
    assert target.read_text() == "whole"


def test_finished_parts_are_kept_and_resumed(target):
    pixels = leave_off(target)
    assert pixels.read_text() == "pixels"
    with Unfinished(target, dict(REQUEST), 10, resume=True) as again:
        assert again.done == 3
        assert again.pixels == pixels


def test_a_run_without_a_finished_part_leaves_nothing(target):
    leave_off(target, done=0)
    assert not list(target.parent.iterdir())


def test_work_on_a_bad_input_is_not_kept(target):
    with pytest.raises(InputError, match="truncated"):
        fail(target, InputError("truncated"), done=5)
    assert not list(target.parent.iterdir())


def test_work_on_an_input_that_became_unreadable_is_kept(target):
    with pytest.raises(ReadError, match="--resume"):
        fail(target, ReadError("away."), done=5)
    with Unfinished(target, REQUEST, 10, resume=True) as again:
        assert again.done == 5


def test_an_input_that_was_never_readable_leaves_nothing(target):
    with pytest.raises(ReadError, match=r"^away\.$"):
        fail(target, ReadError("away."), done=0)
    assert not list(target.parent.iterdir())


def test_a_full_disk_is_named_with_the_remedy(target):
    with pytest.raises(OSError, match="choose") as caught:
        fail(target, OSError(errno.ENOSPC, "No room"), done=0)
    assert caught.value.filename == str(target.parent)


def test_an_unfinished_run_is_not_removed_without_overwrite(target):
    pixels = leave_off(target)
    with pytest.raises(InputError, match="30%"):
        Unfinished(target, REQUEST, 10)
    assert pixels.exists()
    with Unfinished(target, REQUEST, 10, overwrite=True) as anew:
        assert anew.done == 0
        assert not pixels.exists()


def test_another_request_cannot_resume(target):
    pixels = leave_off(target)
    with pytest.raises(InputError, match="256"):
        Unfinished(target, REQUEST | {"tile size": 256}, 10, resume=True)
    assert pixels.exists()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"done": true}',
        '{"done": 99, "parts": 10, "bytes": 6, "request": {}}',
        '{"done": 9, "parts": 10, "bytes": "6", "request": {}}',
        '{"done": 9, "parts": 10, "request": {}}',
    ],
)
def test_a_damaged_note_is_ignored(target, note):
    pixels = leave_off(target)
    next(target.parent.glob("*.json")).write_text(note)
    with Unfinished(target, REQUEST, 10, resume=True) as again:
        assert again.done == 0
        assert not pixels.exists()


@pytest.mark.parametrize(
    ("before", "after"), [('"done": 3', '"done": 4'), ('"parts": 10', '"parts": 3'), ("512", "513")]
)
def test_a_note_with_a_changed_number_is_not_believed(target, caplog, before, after):
    leave_off(target)
    (note,) = target.parent.glob("*.json")
    text = note.read_text()
    assert before in text
    note.write_text(text.replace(before, after))
    with Unfinished(target, REQUEST, 10, resume=True) as again:
        assert again.done == 0
    assert "damaged" in caplog.text


def rewrite(target, **changes):
    """Change entries of the note of a stopped run, as another version might write them, with a right checksum."""
    (path,) = target.parent.glob("*.json")
    note = json.loads(path.read_text()) | changes
    del note["sha256"]
    path.write_text(json.dumps({**note, "sha256": checksum(note)}))


@pytest.mark.parametrize(
    "changes",
    [
        {"request": []},
        {"request": None},
        {"parts": "10"},
        {"parts": None},
        {"parts": 2.5},
        {"parts": 2},
        {"parts": -1},
        {"done": True},
        {"done": -3},
        {"bytes": "6"},
    ],
)
@pytest.mark.parametrize("resume", [True, False])
def test_a_note_of_other_types_is_damaged_although_its_checksum_is_right(target, caplog, resume, changes):
    leave_off(target)
    rewrite(target, **changes)
    with Unfinished(target, REQUEST, 10, resume=resume) as again:
        assert again.done == 0
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"parts": 12}, "12 parts, now 10"), ({"request": {**REQUEST, "ensemble": 8}}, "another ensemble: 8, now None")],
)
def test_a_note_of_another_division_or_with_another_option_is_not_continued(target, changes, words):
    leave_off(target)
    rewrite(target, **changes)
    with pytest.raises(InputError, match=words):
        Unfinished(target, REQUEST, 10, resume=True)


def test_resume_without_an_unfinished_run_starts_one(target):
    with Unfinished(target, REQUEST, 10, resume=True) as unfinished:
        assert unfinished.done == 0


def test_two_runs_do_not_write_one_file(target):
    with Unfinished(target, REQUEST, 10), ThreadPoolExecutor(1) as pool:
        second = pool.submit(Unfinished, target, REQUEST, 10, True, True)
        with pytest.raises(InputError, match="Wait"):
            second.result()
    with Unfinished(target, REQUEST, 10):
        pass


def test_each_note_replaces_the_one_before(target):
    with Unfinished(target, REQUEST, 10) as unfinished:
        unfinished.pixels.write_text("pixels")
        for done in range(1, 10):
            unfinished.note(done)
            (note,) = target.parent.glob("*.json")
            assert json.loads(note.read_text())["done"] == done


def test_a_target_created_meanwhile_is_not_replaced_and_the_work_is_kept(target):
    unfinished = Unfinished(target, REQUEST, 10)

    def work():
        with unfinished:
            unfinished.pixels.write_text("whole")
            unfinished.note(10)
            target.write_text("precious")
            unfinished.publish(unfinished.pixels)

    with pytest.raises(FileExistsError):
        work()
    assert target.read_text() == "precious"
    assert unfinished.pixels.read_text() == "whole"


def test_the_longest_possible_name_works(tmp_path):
    target = tmp_path / ("a" * 251 + ".tif")
    with Unfinished(target, REQUEST, 1) as unfinished:
        unfinished.pixels.write_text("whole")
        unfinished.note(1)
        unfinished.publish(unfinished.pixels)
    assert target.exists()


def die_after_publishing(target):
    """Run until the target has its name; leave the files beside it, like a `kill -9` just then."""
    unfinished = Unfinished(target, REQUEST, 10)
    unfinished.pixels.write_text("whole")
    unfinished.note(10)
    unfinished.publish(unfinished.pixels)
    return unfinished


def test_a_run_that_was_killed_just_after_publishing_is_known(target):
    assert not was_published(target)
    unfinished = die_after_publishing(target)
    assert unfinished.is_published(unfinished.pixels)
    assert not unfinished.is_published(unfinished.copy)
    assert was_published(target)
    unfinished.pixels.unlink()
    assert not was_published(target)


@pytest.mark.parametrize("overwrite", [False, True], ids=["new", "overwritten"])
@pytest.mark.parametrize("as_cog", [False, True], ids=["geotiff", "cog"])
def test_a_run_that_is_killed_while_it_removes_its_files_is_not_repeated(target, monkeypatch, as_cog, overwrite):
    """Whatever was removed last, a resumed run ends well or says that the target exists, and leaves nothing."""
    kept = Path.unlink
    for count in range(8):
        target.unlink(missing_ok=True)
        if overwrite:
            target.write_text("old")
        unfinished = Unfinished(target, REQUEST, 10, overwrite=overwrite)
        unfinished.pixels.write_text("whole")
        if as_cog:
            unfinished.copy.write_text("whole, with overviews")
        unfinished.note(10)
        left = iter(range(count))

        def unlink(path, missing_ok=False, left=left):
            if path.exists() and next(left, None) is None:
                raise KeyboardInterrupt  # instead of `kill -9`
            kept(path, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", unlink)
        with suppress(KeyboardInterrupt), unfinished:
            unfinished.publish(unfinished.copy if as_cog else unfinished.pixels)
        monkeypatch.setattr(Path, "unlink", kept)
        expected = target.read_text()
        with suppress(InputError):
            check_targets([target], [], overwrite=False, resume=True)
            with Unfinished(target, REQUEST, 10, resume=True) as again:
                assert again.done == 10
                assert again.is_published(again.copy if as_cog else again.pixels)
        assert [path.name for path in target.parent.iterdir()] == [target.name]
        assert target.read_text() == expected


def test_a_run_that_is_killed_while_it_replaces_a_target_keeps_its_pixels(target, monkeypatch):
    target.write_text("old")
    unfinished = Unfinished(target, REQUEST, 10, overwrite=True)
    unfinished.pixels.write_text("whole")
    unfinished.note(10)

    def die(path, other):
        raise KeyboardInterrupt  # instead of `kill -9`

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt), unfinished:
        unfinished.publish(unfinished.pixels)
    monkeypatch.undo()
    assert target.read_text() == "old"
    with Unfinished(target, REQUEST, 10, resume=True, overwrite=True) as again:
        again.note(10)
        again.publish(again.pixels)
    assert target.read_text() == "whole"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_pixels_are_on_the_disk_before_the_name(target, monkeypatch):
    """A power cut between the two must not leave an empty file under the final name."""
    forced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: forced.append((os.fstat(descriptor).st_ino, target.exists())))
    die_after_publishing(target)
    assert (target.stat().st_ino, False) in forced
    assert forced[-1] == (target.parent.stat().st_ino, True)
