import random

import pytest

from torture.faults.crash import LOSSES, folder_after
from torture.faults.recorder import Operation

CREATED = [Operation("create", 0, "a.new"), Operation("write", 0, offset=0, data=b"pixels")]
FORCED = [*CREATED, Operation("content", 0, data=b"pixels"), Operation("force", 0)]
NAMED = [Operation("rename", 0, "a.new", "a.tif")]
NAMES_FORCED = [Operation("force names")]


def after(tmp_path, operations, loss, seed=0):
    """Return the content of each file, by its name."""
    folder = tmp_path / f"{loss}_{seed}_{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    folder_after(operations, loss, random.Random(seed), folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_nothing_is_there_that_was_not_forced(tmp_path):
    assert after(tmp_path, CREATED, "all") == {}
    assert after(tmp_path, FORCED + NAMED, "all") == {}
    assert after(tmp_path, FORCED + NAMES_FORCED, "all") == {"a.new": b"pixels"}
    assert after(tmp_path, FORCED + NAMES_FORCED + NAMED, "all") == {"a.new": b"pixels"}


def test_a_name_may_come_before_its_content(tmp_path):
    """This is the cut that leaves an empty file under the final name."""
    assert after(tmp_path, CREATED + NAMED, "content") == {"a.tif": bytes(6)}
    assert after(tmp_path, FORCED + NAMED, "content") == {"a.tif": b"pixels"}


def test_later_writes_are_there_or_not(tmp_path):
    operations = [*FORCED, *NAMED, *NAMES_FORCED, Operation("write", 0, offset=0, data=b"PIXELS")]
    found = {after(tmp_path, operations, "some", seed)["a.tif"] for seed in range(20)}
    assert found == {b"pixels", b"PIXELS"}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_forced_is_there_in_any_case(tmp_path, loss):
    operations = [*FORCED, *NAMED, *NAMES_FORCED]
    assert after(tmp_path, operations, loss) == {"a.tif": b"pixels"}


def test_two_names_of_a_file_stay_one_file(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    operations = [*FORCED, Operation("link", 0, "a.new", "a.tif"), *NAMES_FORCED]
    folder_after(operations, "all", random.Random(0), folder)
    assert (folder / "a.new").samefile(folder / "a.tif")
    folder_after([*operations, Operation("unlink", 0, "a.new"), *NAMES_FORCED], "all", random.Random(0), tmp_path)
    assert (tmp_path / "a.tif").read_bytes() == b"pixels" and not (tmp_path / "a.new").exists()
