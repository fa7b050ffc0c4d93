import json

import pytest

from app.jobs.pace import Pace
from app.jobs.pace_file import default_file, read_pace, write_pace
from app.jobs.parts import Part

LAPS = ((Part("start", 1.0, "a"), Part("compute", 2.0, "a", "b")), (Part("write", 0.5),))


def learned():
    pace = Pace()
    for _ in range(5):
        pace.learn(LAPS, [9.0, 0.2])
    return pace


def test_a_server_begins_with_what_the_one_before_learned(tmp_path):
    before = learned()
    write_pace(before, tmp_path / "pace.json")
    after = read_pace(tmp_path / "pace.json")
    assert after.keys
    assert after.seconds(LAPS) == pytest.approx(before.seconds(LAPS))
    assert after.seconds(LAPS) > 2 * Pace().seconds(LAPS)
    assert [each.name for each in tmp_path.iterdir()] == ["pace.json"]


def test_after_a_restart_a_server_learns_faster(tmp_path):
    before = learned()
    write_pace(before, tmp_path / "pace.json")
    after = read_pace(tmp_path / "pace.json")
    for pace in (before, after):
        pace.learn(LAPS, [1.0, 0.2])
    assert after.seconds(LAPS) < before.seconds(LAPS)


def changed(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("{"),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_bytes(b"\xff"),
        lambda path: path.write_text(" " * 2_000_000),
        lambda path: changed(path, of={"version": "0", "cores": 1}),
        lambda path: changed(path, keys=[["a", "b"]]),
        lambda path: changed(path, keys=[["a", "b", "c"]]),
        lambda path: changed(path, factors=["x"] * 5),
        lambda path: changed(path, factors=[float("nan")] * 5),
        lambda path: changed(path, factors=[1.0]),
        lambda path: changed(path, covariance=[[-1.0 * (i == j) for i in range(5)] for j in range(5)]),
        lambda path: changed(path, covariance=[[1.0 * (i >= j) for i in range(5)] for j in range(5)]),
        lambda path: changed(path, covariance=[1.0]),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_missing_foreign_or_damaged_file_means_a_new_start(tmp_path, spoil):
    path = tmp_path / "pace.json"
    write_pace(learned(), path)
    spoil(path)
    assert read_pace(path).keys == []


def test_no_file_and_a_folder_that_is_gone_are_no_errors(tmp_path):
    assert read_pace(None).keys == []
    write_pace(learned(), None)
    write_pace(learned(), tmp_path / "gone" / "pace.json")
    assert not list(tmp_path.iterdir())


def test_the_file_is_in_the_cache_of_hugging_face(tmp_path, monkeypatch):
    monkeypatch.setattr("app.jobs.pace_file.cached_assets_path", lambda *_, **__: tmp_path)
    assert default_file() == tmp_path / "pace.json"

    def refuse(*_, **__):
        raise PermissionError

    monkeypatch.setattr("app.jobs.pace_file.cached_assets_path", refuse)
    assert default_file() is None
