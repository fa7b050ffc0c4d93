import errno
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from rs_srgan.errors import InputError, ReadError
from rs_srgan.writing.unfinished import Unfinished

REQUEST = {"input": [["a.tif", 12]], "tile size": 512, "region": [1.5, None]}


def leave_off(target, done=3, request=REQUEST):
    """A run that dies after three of ten parts."""
    with pytest.raises(KeyboardInterrupt), Unfinished(target, request, 10) as unfinished:
        unfinished.pixels.write_text("pixels")
        if done:
            unfinished.note(done)
        raise KeyboardInterrupt
    return unfinished


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.tif"


def test_a_whole_one_gets_its_name_and_leaves_nothing_beside_it(target):
    with Unfinished(target, REQUEST, 10) as unfinished:
        unfinished.pixels.write_text("whole")
        unfinished.note(10)
        unfinished.publish(unfinished.pixels)
    assert [path.name for path in target.parent.iterdir()] == ["out.tif"]
    assert target.read_text() == "whole"


def test_what_was_done_is_kept_and_gone_on_with(target):
    pixels = leave_off(target).pixels
    assert pixels.read_text() == "pixels"
    with Unfinished(target, dict(REQUEST), 10, resume=True) as again:
        assert again.done == 3
        assert again.pixels == pixels


def test_nothing_done_is_nothing_kept(target):
    leave_off(target, done=0)
    assert not list(target.parent.iterdir())


def test_work_on_a_bad_input_is_not_kept(target):
    with pytest.raises(InputError), Unfinished(target, REQUEST, 10) as unfinished:
        unfinished.pixels.write_text("pixels")
        unfinished.note(5)
        raise InputError("truncated")
    assert not list(target.parent.iterdir())


def test_work_on_an_input_that_could_not_be_read_on_is_kept_and_said_to_be(target):
    with (
        pytest.raises(ReadError, match=r"^away\. What was done, 50 %, is kept: go on with --resume.*--overwrite\.$"),
        Unfinished(target, REQUEST, 10) as unfinished,
    ):
        unfinished.pixels.write_text("pixels")
        unfinished.note(5)
        raise ReadError("away.")
    with Unfinished(target, REQUEST, 10, resume=True) as again:
        assert again.done == 5


def test_an_input_that_could_not_be_read_at_all_leaves_nothing(target):
    with pytest.raises(ReadError, match=r"^away\.$"), Unfinished(target, REQUEST, 10):
        raise ReadError("away.")
    assert not list(target.parent.iterdir())


def test_a_full_disk_is_named_with_the_remedy(target):
    with pytest.raises(OSError, match="No room\\. Make room there") as caught, Unfinished(target, REQUEST, 10):
        raise OSError(errno.ENOSPC, "No room")
    assert caught.value.filename == str(target.parent)


def test_without_a_word_nothing_is_thrown_away(target):
    pixels = leave_off(target).pixels
    with pytest.raises(InputError, match=r"unfinished run, 30% done.*--resume.*--overwrite"):
        Unfinished(target, REQUEST, 10)
    assert pixels.exists()
    with Unfinished(target, REQUEST, 10, overwrite=True) as anew:
        assert anew.done == 0
        assert not pixels.exists()


def test_another_request_is_another_run(target):
    pixels = leave_off(target).pixels
    with pytest.raises(InputError, match="had another tile size: 512, now 256"):
        Unfinished(target, REQUEST | {"tile size": 256}, 10, resume=True)
    assert pixels.exists()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        '{"done": true}',
        '{"done": 99, "parts": 10, "bytes": 6, "request": {}}',
        '{"done": 9, "parts": 10, "bytes": "6", "request": {}}',
        '{"done": 9, "parts": 10, "request": {}}',
    ],
)
def test_a_note_that_says_nothing_is_no_run(target, note):
    unfinished = leave_off(target)
    next(target.parent.glob("*.json")).write_text(note)
    with Unfinished(target, REQUEST, 10, resume=True) as again:
        assert again.done == 0
        assert not unfinished.pixels.exists()


def test_to_resume_what_was_never_begun_is_to_begin(target):
    with Unfinished(target, REQUEST, 10, resume=True) as unfinished:
        assert unfinished.done == 0


def test_two_runs_do_not_write_one_file(target):
    with Unfinished(target, REQUEST, 10):
        with ThreadPoolExecutor(1) as pool, pytest.raises(InputError, match="Another run is writing"):
            pool.submit(Unfinished, target, REQUEST, 10, True, True).result()
    with Unfinished(target, REQUEST, 10):
        pass


def test_a_note_is_whole_or_the_one_before(target):
    with Unfinished(target, REQUEST, 10) as unfinished:
        unfinished.pixels.write_text("pixels")
        for done in range(1, 10):
            unfinished.note(done)
            (note,) = target.parent.glob("*.json")
            assert json.loads(note.read_text())["done"] == done


def test_a_target_that_came_into_being_meanwhile_is_left_and_the_work_kept(target):
    with pytest.raises(FileExistsError), Unfinished(target, REQUEST, 10) as unfinished:
        unfinished.pixels.write_text("whole")
        unfinished.note(10)
        target.write_text("precious")
        unfinished.publish(unfinished.pixels)
    assert target.read_text() == "precious"
    assert unfinished.pixels.read_text() == "whole"


def test_a_name_as_long_as_names_can_be(tmp_path):
    target = tmp_path / ("a" * 251 + ".tif")
    with Unfinished(target, REQUEST, 1) as unfinished:
        unfinished.pixels.write_text("whole")
        unfinished.note(1)
        unfinished.publish(unfinished.pixels)
    assert target.exists()
