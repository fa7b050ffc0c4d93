import rasterio

from app.jobs.sample import write_sample


def test_the_sample_is_the_documented_chip(tmp_path):
    with rasterio.open(write_sample(tmp_path)) as sample:
        assert sample.shape == (300, 300)
        assert sample.descriptions == ("B02", "B03", "B04", "B08")
        blue, green, red, nir = sample.read().mean((1, 2))
    assert blue < green < red < nir  # dry land; another band order would show
