import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.sensors import LANDSAT_OLI
from tests.conftest import scene_dn
from tests.safe_builder import build_safe
from tests.train.conftest import write
from train.data.scenes import Scene, SceneDataModule, split_by_place

BANDS = ("B04", "B03", "B02", "B08")


def far(path, pixels, bands=BANDS):
    """Write an image 100 km away from the images of `write`."""
    place = rasterio.transform.from_origin(7e5, 5e6, 10, 10)
    count, height, width = pixels.shape
    profile = {"driver": "GTiff", "dtype": "uint16", "crs": "EPSG:32632", "transform": place}
    with rasterio.open(path, "w", count=count, height=height, width=width, **profile) as out:
        out.write(pixels)
        out.descriptions = bands


def test_windows_of_geotiffs_and_products(tmp_path):
    write(tmp_path / "train.tif", scene_dn(90, 80), BANDS)
    product = build_safe(
        tmp_path, {(band, 10): scene_dn(128, 128, bands=1, seed=i)[0] + 1000 for i, band in enumerate(BANDS)}
    )
    far(tmp_path / "val.tif", scene_dn(70, 70, seed=5))
    data = SceneDataModule(
        [str(tmp_path / "train.tif")], [str(tmp_path / "val.tif")], crop_lr_px=8, batch_size=2, steps_per_epoch=2
    )
    data.setup("fit")
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert batch["hr"].shape == (2, 4, 32, 32)
    assert batch["lr"].shape == (2, 4, 8, 8)
    scene = Scene.of(product, BANDS)
    assert scene.shape == (4, 128, 128)
    expected = scene_dn(128, 128, bands=1, seed=1)[0, 40:50, 30:60] / 10_000
    np.testing.assert_allclose(scene[:, 40:50, 30:60][1], expected, atol=1e-6)


def test_the_same_ground_on_both_sides_leaks(tmp_path):
    write(tmp_path / "a.tif", scene_dn(64, 64), BANDS)
    write(tmp_path / "b.tif", scene_dn(40, 40), BANDS)
    for val in ("a.tif", "b.tif"):
        data = SceneDataModule([str(tmp_path / "a.tif")], [str(tmp_path / val)])
        with pytest.raises(InputError, match="leaks"):
            data.setup("fit")


def test_a_pattern_without_scenes_is_refused(tmp_path):
    with pytest.raises(InputError, match="nothing"):
        SceneDataModule([str(tmp_path / "*.SAFE")], []).setup("fit")
    write(tmp_path / "a.tif", scene_dn(64, 64), BANDS)
    with pytest.raises(InputError, match="nothing"):
        SceneDataModule([str(tmp_path / "a*.tif"), str(tmp_path / "b*.tif")], [str(tmp_path / "a.tif")]).setup("fit")


def test_scenes_are_decoded_by_the_sensor(tmp_path):
    bands = ("B4", "B3", "B2", "B5")
    dn = np.full((4, 64, 64), 8000, np.uint16)
    write(tmp_path / "train.tif", dn, bands)
    far(tmp_path / "val.tif", dn + 4, bands)
    data = SceneDataModule(
        [str(tmp_path / "train.tif")],
        [str(tmp_path / "val.tif")],
        scale=2,
        bands=bands,
        sensor="landsat-oli",
        crop_lr_px=8,
    )
    data.setup("fit")
    assert data.mtf == LANDSAT_OLI.mtf_nyquist(bands)
    np.testing.assert_allclose(data.validation[0]["hr"], 8004 * 2.75e-5 - 0.2, atol=1e-6)


def test_without_validation_scenes_places_are_split_by_distance(tmp_path, caplog):
    for index, east in enumerate((5e5, 501_000, 6e5, 7e5)):  # the first two are 360 m apart
        write(tmp_path / f"s{index}.tif", scene_dn(64, 64, seed=index), BANDS)
        with rasterio.open(tmp_path / f"s{index}.tif", "r+") as out:
            out.transform = rasterio.transform.from_origin(east, 5e6, 10, 10)
    with caplog.at_level("INFO"):
        SceneDataModule([str(tmp_path / "*.tif")], crop_lr_px=8).setup("fit")
    assert "Split: " in caplog.text
    sides = split_by_place([Scene.of(path, BANDS) for path in sorted(tmp_path.glob("*.tif"))])
    assert sum(map(len, sides)) == 4
    assert {sum(scene.name in ("s0.tif", "s1.tif") for scene in side) for side in sides} == {0, 2}
    caplog.clear()
    SceneDataModule([str(tmp_path / "s0.tif")], [str(tmp_path / "s1.tif")]).setup("fit")
    assert "s0.tif trains and s1.tif validates" in caplog.text
    with pytest.raises(InputError, match="place"):
        SceneDataModule([str(tmp_path / "s0.tif")]).setup("fit")
