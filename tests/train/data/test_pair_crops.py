import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.data.makers import RGBN, coarse, pair_folder, pair_module, write_at


def test_pairs_with_nodata_everywhere_are_refused(tmp_path):
    pair_folder(tmp_path, side=96)
    for path in (tmp_path / "hr").glob("*.tif"):
        dn = scene_dn(96, 96).astype(np.float32) / 10_000
        dn[:, ::8] = np.nan
        write_at(path, dn, RGBN, path.stem)
    with pytest.raises(InputError, match="crop_lr_px"):
        pair_module(tmp_path).crops[0]


def test_pixels_without_data_in_lr_or_hr_do_not_count_in_validation(tmp_path):
    pair_folder(tmp_path, side=96)
    for path in (tmp_path / "lr").glob("*.tif"):
        with rasterio.open(path, "r+") as out:
            dn = out.read()
            dn[:, :3] = 0
            out.write(dn)
            out.nodata = 0
    for path in (tmp_path / "hr").glob("*.tif"):
        with rasterio.open(path, "r+") as out:
            dn = out.read()
            dn[:, 50:60, 20:40] = 0
            out.write(dn)
            out.nodata = 0
    item = pair_module(tmp_path).validation[0]
    expected = torch.zeros(96, 96, dtype=torch.bool)
    expected[:12], expected[50:60, 20:40] = True, True
    assert torch.equal(torch.isnan(item["hr"]), expected.expand(4, 96, 96))
    assert torch.isfinite(item["lr"]).all()
    torch.testing.assert_close(item["lr"][:, :3], item["lr"][:, 3:4].expand(4, 3, 24))


def test_validation_is_the_middle_of_large_pairs(tmp_path):
    pair_folder(tmp_path / "train", side=96)
    pair_folder(tmp_path / "val", count=1, names=["town"], side=96)
    dn = scene_dn(720, 560)
    write_at(tmp_path / "val" / "hr" / "town.tif", dn, RGBN, "town")
    write_at(tmp_path / "val" / "lr" / "town.tif", coarse(dn), RGBN, "town", 10)
    item = pair_module(tmp_path).validation[0]
    assert item["lr"].shape == (4, 128, 128)
    np.testing.assert_allclose(item["hr"], dn[:, 104:616, 24:536] / 10_000, atol=1e-6)


def test_validation_leaves_out_pairs_without_data_in_the_middle(tmp_path, caplog):
    pair_folder(tmp_path / "train", side=96)
    pair_folder(tmp_path / "val", count=2, names=["field", "town"], side=96)
    for name in ("town", "field"):
        empty = np.full((4, 24, 24), np.nan, np.float32)
        write_at(tmp_path / "val" / "lr" / f"{name}.tif", empty, RGBN, name, 10)
        if name == "town":
            assert [item["site"] for item in pair_module(tmp_path).validation] == ["field"]
            assert "too little data in the middle: town" in caplog.text
    with pytest.raises(InputError, match="middle"):
        pair_module(tmp_path)
