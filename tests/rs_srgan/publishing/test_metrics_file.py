import json

import pytest

from rs_srgan import InputError
from rs_srgan.publishing.metrics_file import REPORT_FILE, gather


@pytest.fixture
def content():
    """Make the part of a report.json that a card needs."""
    scores = {"psnr_db": 31.0, "sensor": 0.001}
    mean = dict.fromkeys(("bicubic", "back_projection", "model", "hr"), scores)
    model = {"name": "m", "fingerprint": "f", "scale": 4, "bands": ["B04"]}
    return {"model": model, "protocol": "simulated", "date": "2026-01-02", "mean": mean, "sites": {"dell": mean}}


@pytest.fixture
def write(tmp_path):
    def write(content, name="Sentinel-2, my fields"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / REPORT_FILE).write_text(json.dumps(content))
        return folder

    return write


@pytest.mark.parametrize(("stated", "unseen"), [({}, None), ({"unseen": True}, True), ({"unseen": False}, False)])
def test_the_report_says_whether_sites_are_unseen_and_the_title_does_not(write, content, stated, unseen):
    group = gather([write(content | stated)], "f").groups["Sentinel-2, my fields"]
    assert (group.title, group.unseen) == ("Sentinel-2, my fields", unseen)
    assert group.mean["model"].psnr_db == 31
    assert group.sites == {"dell": dict.fromkeys(("bicubic", "back_projection", "model"), 31.0)}


def test_sites_of_real_images_have_the_agreement_with_lr(write, content):
    group = gather([write(content | {"protocol": "real"}) / REPORT_FILE], "f").groups["Sentinel-2, my fields"]
    assert group.sites["dell"]["model"] == 0.001


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"protocol": "guessed"}, "simulated"),
        ({"unseen": "yes"}, "unseen"),
        ({"mean": {"bicubic": {}}}, "mean.back_projection"),
        ({"model": 3}, "model"),
        ({"model": {"fingerprint": "other", "name": "m"}}, "weights"),
    ],
)
def test_a_wrong_report_is_refused(write, content, change, named):
    with pytest.raises(InputError, match=named) as caught:
        gather([write(content | change)], "f")
    assert REPORT_FILE in str(caught.value)


def test_reports_need_different_names(write, content, tmp_path):
    with pytest.raises(InputError, match="fields"):
        gather([write(content, "a/fields"), write(content, "b/fields")], "f")
    with pytest.raises(InputError, match="evaluate"):
        gather([tmp_path], "f")
