import json

import pytest

from benchmarks.quality import CHIPS, calibrating_group, overview
from benchmarks.report import ROOT, read_block
from rs_srgan.models.catalogue import BundledModel, catalogue
from rs_srgan.models.loading import load_model


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_figures_are_of_the_bundled_weights(name):
    assert catalogue()[name].metrics.fingerprint == load_model(name).fingerprint(), "run python -m benchmarks.quality"


def test_the_training_record_tells_which_sites_set_the_calibration(tmp_path, monkeypatch):
    folder = tmp_path / "sisr"
    monkeypatch.setattr("benchmarks.quality.catalogue", lambda: {"sisr": BundledModel("sisr", folder, None, None)})
    folder.mkdir()
    for record, key in (
        ({}, CHIPS),
        ({"uncertainty": {"steps": 3}}, CHIPS),
        ({"uncertainty": {"calibrate_on": "native"}}, "native"),
    ):
        (folder / "training.json").write_text(json.dumps(record))
        assert calibrating_group("sisr") == key


def test_the_documents_quote_the_measured_figures():
    expected = overview({model.name: model.metrics for model in catalogue().values()})
    assert read_block(ROOT / "docs" / "models.md", "quality") == expected
