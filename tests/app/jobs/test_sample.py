import numpy as np
import rasterio

from app.jobs.sample import add_cloud, write_sample, write_sample_revisits
from rs_srgan.reading.dates import date_in


def test_the_sample_is_the_documented_chip_and_says_that_its_place_is_made_up(tmp_path):
    with rasterio.open(write_sample(tmp_path)) as sample:
        assert sample.shape == (300, 300)
        assert sample.descriptions == ("B02", "B03", "B04", "B08")
        blue, green, red, nir = sample.read().mean((1, 2))
        assert sample.crs.is_projected and sample.res == (10, 10)
        assert "not known" in sample.tags()["ATTRIBUTION"]
    assert blue < green < red < nir  # dry land; another band order would show


def test_the_revisits_have_dates_and_say_that_they_are_simulated(tmp_path):
    views = write_sample_revisits(tmp_path)
    days = [date_in(view.name) for view in views]
    assert len(set(days)) == len(views) and sorted(days) == days
    for view in views:
        with rasterio.open(view) as dataset:
            assert "Simulated" in dataset.tags()["ATTRIBUTION"]


def test_the_mask_hides_the_cloud(tmp_path):
    view = write_sample_revisits(tmp_path)[0]
    with rasterio.open(view) as dataset:
        clear_sky = dataset.read().astype(float)
    mask = add_cloud(view)
    with rasterio.open(view) as dataset, rasterio.open(mask) as hidden:
        clear = hidden.read(1) == 1
        changed = np.abs(dataset.read() - clear_sky).max(0)
    assert 0.02 < (~clear).mean() < 0.5
    assert changed[clear].max() < 100 < changed[~clear].max()
