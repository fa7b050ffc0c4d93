import json

import pytest


def test_every_site_counts_once(make_report):
    report = make_report()
    assert list(report.sites) == ["a", "b|c"]
    assert report.sites["a"]["model"].psnr_db == pytest.approx(31)
    assert report.mean["model"].psnr_db == pytest.approx(33)


@pytest.mark.parametrize("unseen", [True, False, None])
def test_json_holds_the_figures_and_the_statement_about_training(make_report, unseen):
    report = make_report(unseen=unseen, seed=5, date="2026-01-02")
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["unseen"] is unseen
    assert (content["protocol"], content["seed"], content["date"]) == ("simulated", 5, "2026-01-02")
    assert content["model"] == {"name": "small-model", "fingerprint": "f", "scale": 4, "bands": ["B04", "B08"]}
    assert content["mean"]["model"]["psnr_db"] == 33
    assert [each["site"] for each in content["images"]] == ["a", "a", "b|c"]
    assert content["skipped"] == [{"name": "small.tif", "reason": "40 x 12 pixels"}]
