"""Real revisits, on a made-up data folder."""

import numpy as np
import pytest

from benchmarks.real_revisits import native_series
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import wald_mtf
from tests.conftest import scene_dn
from tests.train.data.makers import native_entry, native_folder

DATES = [f"2019-03-0{day}" for day in range(1, 10)]


def series_of(root, monkeypatch, scale=2):
    monkeypatch.setenv("RS_SRGAN_DATA", str(root))
    return [series for place in ("wcC", "innviertel", "dell") for series in native_series(place, scale)]


@pytest.fixture
def root(tmp_path):
    """Write a series of nine dates, two dates of a held-out place, a single date, and a place of training."""
    places = [*(("wcC", date) for date in DATES), *((place, DATES[index]) for index, place in enumerate(PAIRS))]
    files = [
        (native_entry(place, f"ts_{place}_{index}_10m_rgbn.tif", RGBN, date), scene_dn(42, 49, seed=index))
        for index, (place, date) in enumerate(places)
    ]
    return native_folder(tmp_path, files, "series")


PAIRS = ("innviertel", "innviertel", "oresund", "dell", "dell")


def test_only_late_dates_and_held_out_places_are_references(root, monkeypatch):
    names = [each.site for each in series_of(root, monkeypatch)]
    assert [name.split()[0] for name in names] == ["wcC"] * 3 + ["innviertel"] * 2
    assert [name.split()[1].split("_")[1] for name in names[:3]] == ["6", "7", "8"]
    assert len(set(names)) == 5


def test_the_reference_is_first_and_the_nearest_dates_follow(root, monkeypatch):
    series = series_of(root, monkeypatch)[0]
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(RGBN), 2)
    assert len(series.views) == 9
    dates = [scene_dn(42, 49, seed=index)[:, :42, :48].astype(np.float32) / 1e4 for index in range(9)]
    np.testing.assert_array_equal(series.hr, dates[6])
    nearest = [
        int(np.argmin([np.abs(simulate(date, 2, mtf) - view).mean() for date in dates])) for view in series.views
    ]
    assert nearest[0] == 6
    assert set(nearest[1:3]) == {5, 7}
    assert nearest[-1] == 0


@pytest.mark.parametrize("scale", [2, 4])
def test_every_date_is_seen_by_the_sensor_with_noise(root, monkeypatch, scale):
    for series in series_of(root, monkeypatch, scale):
        assert series.hr.shape[1] % scale == series.hr.shape[2] % scale == 0
        clean = simulate(series.hr, scale, wald_mtf(SENTINEL2.mtf_nyquist(RGBN), scale))
        assert all(view.shape == clean.shape for view in series.views)
        assert 3e-4 < np.std(series.views[0] - clean) < 4e-3
        assert all(mask.all() for mask in series.masks)
