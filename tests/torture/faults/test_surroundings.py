import signal
from functools import partial

from torture.faults.processes import run_to_end
from torture.faults.surroundings import count_operations, die_at_operation, limit_file_size


def touch_three(folder):
    for number in range(3):
        (folder / f"{number}").write_text("x")
    (folder / "2").read_text()


def test_operations_are_counted_and_the_process_dies_at_one(tmp_path):
    folder, counted = tmp_path / "folder", tmp_path / "count"
    folder.mkdir()
    run_to_end(
        ["models"], tmp_path / "words", [partial(count_operations, folder, counted), partial(touch_three, folder)]
    )
    assert counted.stat().st_size == 3
    for path in folder.iterdir():
        path.unlink()
    preparations = [partial(die_at_operation, folder, 3), partial(touch_three, folder)]
    assert run_to_end(["models"], tmp_path / "words", preparations).code == -signal.SIGKILL
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1"]


def write_much(path):
    path.write_bytes(bytes(2000))


def test_a_file_does_not_grow_beyond_its_limit(tmp_path):
    preparations = [partial(limit_file_size, 1000), partial(write_much, tmp_path / "file")]
    assert run_to_end(["models"], tmp_path / "words", preparations).code == 1
    assert (tmp_path / "file").stat().st_size == 1000
