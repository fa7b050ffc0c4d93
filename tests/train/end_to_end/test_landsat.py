"""Training for another sensor than Sentinel-2, by the shipped configuration."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import yaml

from rs_srgan import InputError, load_model
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import LANDSAT_OLI
from tests.conftest import scene_dn
from train.commands import run

CONFIG = "train/configs/landsat_x2_rgbn.yaml"


def write_landsat(path, seed, east=3e5, descriptions=("B2", "B3", "B4", "B5", "B6"), hole_px=0):
    """Write a stack of reflectance as Collection 2 level 2 encodes it, with a corner of `hole_px` without data."""
    reflectance = scene_dn(96, 96, bands=len(descriptions), seed=seed) / 10_000
    dn = ((reflectance - LANDSAT_OLI.bias) / LANDSAT_OLI.gain).round().astype(np.uint16)
    dn[:, :hole_px, :hole_px] = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    place = rasterio.transform.from_origin(east, 5e6, 30, 30)
    profile = {"driver": "GTiff", "dtype": "uint16", "crs": "EPSG:32632", "transform": place}
    with rasterio.open(path, "w", count=len(dn), height=96, width=96, **profile) as out:
        out.write(dn)
        out.descriptions = descriptions
    return reflectance


def test_the_shipped_configuration_trains_a_model_for_landsat(tmp_path):
    reflectance = write_landsat(tmp_path / "train" / "a.tif", seed=0, hole_px=8)
    write_landsat(tmp_path / "val" / "b.tif", seed=1, east=6e5)
    config = yaml.safe_load(Path(CONFIG).read_text())
    config["model"]["init_args"]["config"] |= {"channels": 16, "blocks": 1}
    config["data"]["init_args"] |= {"train": [str(tmp_path / "train/*.tif")], "val": [str(tmp_path / "val/*.tif")]}
    config["data"]["init_args"] |= {"crop_lr_px": 8, "batch_size": 2, "steps_per_epoch": 2}
    config["trainer"] |= {"max_steps": 2, "default_root_dir": str(tmp_path / "run"), "enable_progress_bar": False}
    config["trainer"] |= {"accelerator": "cpu", "max_time": None}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    run(["fit", "--config", str(tmp_path / "config.yaml")])

    model = load_model(tmp_path / "run" / "model")
    assert model.config.sensor == "landsat-oli"
    assert model.config.bands == ("B4", "B3", "B2", "B5")
    assert model.config.mtf_nyquist == LANDSAT_OLI.mtf_nyquist(model.config.bands)
    with open_raster(tmp_path / "train" / "a.tif", model.config.bands, sensor=LANDSAT_OLI) as raster:
        image, valid = raster.read(Window(0, 0, 96, 96))
    np.testing.assert_allclose(image[0, 50], reflectance[2, 50], atol=2e-5)
    assert not valid[:, :8, :8].any()
    image[~valid] = np.nan
    sr = model.predict(image)
    assert sr.shape == (4, 192, 192)
    assert np.isnan(sr[:, :16, :16]).all()


def test_sentinel2_files_do_not_train_a_landsat_model(tmp_path):
    write_landsat(tmp_path / "a.tif", seed=0, descriptions=("B02", "B03", "B04", "B08"))
    with pytest.raises(InputError, match="B5"), open_raster(tmp_path / "a.tif", ("B5",), sensor=LANDSAT_OLI):
        pass
