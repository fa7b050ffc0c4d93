import json

import pytest

from rs_srgan import InputError
from rs_srgan.figures.json_value import JsonValue
from rs_srgan.figures.tracks import TRACK_METHODS, VIEWS, Track

MEAN = {method: {1: 30.0, 2: 30.5, 16: 31.0} for method in TRACK_METHODS}
TRACK = Track("noise", True, MEAN, {"dell": {1: 30.0, 2: 30.5, 16: 31.0}}, (0.004, 0.01), "naip")


def found(content, tmp_path):
    return JsonValue(json.loads(json.dumps(content)), tmp_path / "metrics.json")


def test_json_keeps_a_track(tmp_path):
    assert Track.from_json(found(TRACK.to_json(), tmp_path)) == TRACK


def test_older_files_state_nothing_about_training(tmp_path):
    content = {key: value for key, value in TRACK.to_json().items() if key not in ("unseen", "dataset")}
    assert Track.from_json(found(content, tmp_path)).unseen is None


def test_one_number_of_views_stands_for_the_track():
    assert (TRACK.most_views, TRACK.gain_db) == (16, 1.0)
    eight = Track("noise", None, {method: {1: 30.0, VIEWS: 30.7, 16: 31.0} for method in TRACK_METHODS}, {}, None)
    assert (eight.most_views, eight.gain_db) == (VIEWS, pytest.approx(0.7))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mean": {"model": {"1": 30.0}}}, "mean.bicubic"),
        ({"mean": {method: {"2": 30.0} for method in TRACK_METHODS}}, "view"),
        ({"mean": {method: {"one": 30.0} for method in TRACK_METHODS}}, "keys"),
        ({"sites": {"dell": {"1": 30.0}}}, "sites.dell"),
        ({"shift_error_px": [0.1]}, "shift_error_px"),
        ({"unsen": True}, "unsen"),
    ],
)
def test_wrong_content_is_refused_with_its_key(tmp_path, change, named):
    with pytest.raises(InputError, match=named):
        Track.from_json(found(TRACK.to_json() | change, tmp_path))
