import json
import math

import pytest

from rs_srgan import InputError
from rs_srgan.figures.calibration import Calibration
from rs_srgan.figures.metrics import METRICS_FILE, Group, Metrics, read_metrics, write_metrics
from rs_srgan.figures.scores import COMPARED, Scores
from rs_srgan.figures.tracks import TRACK_METHODS, Track
from rs_srgan.models.catalogue import catalogue

SCORES = Scores(psnr_db=31.5, sensor=0.001, band_psnr_db=(31.0, 32.0))
MEAN = {**dict.fromkeys(COMPARED, SCORES), "hr": Scores(sensor=0.0)}
GROUP = Group.of_sites("my fields", "simulated", True, MEAN, {"dell": MEAN}, "mine")
VIEWS = {1: 30.0, 2: 30.5}
METRICS = Metrics(
    fingerprint="f",
    groups={"a": GROUP, "b": Group.of_sites("real", "real", None, MEAN, {"dell": MEAN})},
    uncertainty={"a": Calibration(0.81, 0.5, 0.4, 0.6, (0.01,) * 10, (0.02,) * 10)},
    detail={"0": {"a": SCORES}},
    tracks={"A": Track("noise", False, dict.fromkeys(TRACK_METHODS, VIEWS), {"dell": VIEWS}, None)},
)


def test_a_file_keeps_all_figures(tmp_path):
    write_metrics(METRICS, tmp_path / METRICS_FILE)
    assert read_metrics(tmp_path / METRICS_FILE).to_json() == METRICS.to_json()


def test_a_group_keeps_one_figure_of_each_site():
    assert GROUP.sites == {"dell": dict.fromkeys(COMPARED, 31.5)}
    assert METRICS.groups["b"].sites == {"dell": dict.fromkeys(COMPARED, 0.001)}
    assert list(METRICS.referenced) == ["a"]


def test_a_guided_model_keeps_the_method_that_sees_its_guide(tmp_path):
    mean = {**MEAN, "glp": Scores(psnr_db=31.0)}
    group = Group.of_sites(
        "guided", "simulated", True, mean, {"dell": mean, "moor": {**mean, "model": Scores(psnr_db=30)}}
    )
    write_metrics(Metrics("f", {"a": group}), tmp_path / METRICS_FILE)
    read = read_metrics(tmp_path / METRICS_FILE).to_json()
    assert read["groups"]["a"] == Metrics("f", {"a": group}).to_json()["groups"]["a"]
    assert (group.baseline, group.gain_db, group.gain_range_db) == ("glp", 0.5, (-1, 0.5))
    assert (GROUP.baseline, GROUP.gain_db) == ("back_projection", 0)


def test_older_files_state_nothing_about_training(tmp_path):
    content = METRICS.to_json()
    del content["groups"]["a"]["unseen"]
    (tmp_path / METRICS_FILE).write_text(json.dumps(content))
    assert read_metrics(tmp_path / METRICS_FILE).groups["a"].unseen is None


def test_figures_without_a_value_are_null(tmp_path):
    mean = dict.fromkeys(COMPARED, Scores(psnr_db=math.inf))
    metrics = Metrics("f", {"a": Group.of_sites("perfect", "pairs", None, mean, {"dell": mean})})
    write_metrics(metrics, tmp_path / METRICS_FILE)
    group = read_metrics(tmp_path / METRICS_FILE).groups["a"]
    assert group.mean["model"].psnr_db == math.inf
    assert math.isnan(group.sites["dell"]["model"])


def put(*keys, value):
    def change(content):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (put("groups", value=3), "groups"),
        (put("fingerprint", value=None), "fingerprint"),
        (put("groups", "a", "unseen", value="yes"), "groups.a.unseen"),
        (put("groups", "a", "protocol", value="guessed"), "groups.a.protocol"),
        (put("groups", "a", "mean", "model", "psnr_db", value="high"), "groups.a.mean.model.psnr_db"),
        (put("groups", "a", "mean", "model", "psnr", value=3), r"groups\.a\.mean\.model\.psnr"),
        (put("groups", "a", "mean", "bicubic", value={}), "groups.a.mean.bicubic.psnr_db"),
        (put("groups", "a", "sites", "dell", value={}), "groups.a.sites.dell.bicubic"),
        (put("groups", "a", "sites", "dell", "glp", value=1), "groups.a.sites.dell.glp"),
        (put("groups", "a", "mean", "glp", value={"psnr_db": 30}), "groups.a.sites.dell.glp"),
        (put("uncertainty", "c", value={}), "uncertainty.c"),
        (put("detail", "0", "c", value={}), "detail.0.c"),
        (put("figures", value={}), "figures"),
    ],
)
def test_wrong_content_is_one_line_that_names_the_file_and_the_key(tmp_path, change, named):
    content = json.loads(json.dumps(METRICS.to_json()))
    change(content)
    (tmp_path / METRICS_FILE).write_text(json.dumps(content))
    with pytest.raises(InputError, match=named) as caught:
        read_metrics(tmp_path / METRICS_FILE)
    assert METRICS_FILE in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", list(catalogue()))
def test_bundled_figures_are_of_unseen_sites_and_written_as_they_are_read(name):
    model = catalogue()[name]
    flags = {each.unseen for each in (*model.metrics.groups.values(), *model.metrics.tracks.values())}
    assert flags == {True}
    assert json.loads((model.folder / METRICS_FILE).read_text()) == json.loads(json.dumps(model.metrics.to_json()))
