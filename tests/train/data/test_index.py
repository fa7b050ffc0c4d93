import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.data.makers import RGB, RGBN, edit_table, index, write_at
from train.data.index import IndexDataModule, split_rows
from train.data.pair_loader import PairLoader
from train.data.simulated import ViewsConfig
from train.data.table import read_table


def module(path, **options):
    data = IndexDataModule(str(path), crop_lr_px=16, batch_size=4, steps_per_epoch=4, **options)
    data.setup("fit")
    return data


def first(data):
    return data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)


def test_cross_sensor_gives_real_views_and_hr_with_their_tones(tmp_path):
    batch = first(module(index(tmp_path / "spot"), mode="cross_sensor", revisits=3, max_days=9))
    assert batch["lr"].shape == (4, 3, 3, 16, 16)
    assert batch["hr"].shape == (4, 3, 64, 64)
    assert not torch.equal(batch["lr"][:, 0], batch["lr"][:, 1])
    torch.testing.assert_close(batch["hr"].mean(), batch["lr"][:, 0].mean(), atol=0.02, rtol=0)


def test_interpolated_lr_is_made_of_hr_in_its_own_tones_or_in_the_other_sensors(tmp_path):
    path = index(tmp_path / "spot")
    own, matched = (first(module(path, mode=mode)) for mode in ("interpolated", "interpolated_matched"))
    for batch in (own, matched):
        assert batch["lr"].shape == (4, 3, 16, 16)
        made = torch.nn.functional.interpolate(batch["hr"], scale_factor=0.25, mode="bilinear", antialias=True)
        torch.testing.assert_close(batch["lr"], made)
    real = np.mean([PairLoader(RGB, 4).read_whole(row.pair.lr[0]).mean() for row in read_table(path)])
    assert abs(matched["hr"].mean() - real) < 0.1 * real
    assert abs(own["hr"].mean() - real) > 0.2 * real


def test_synthetic_views_are_noisy_copies(tmp_path):
    batch = first(module(index(tmp_path / "spot"), mode="interpolated", views=ViewsConfig(4, noise=0.01)))
    assert batch["lr"].shape == (4, 4, 3, 16, 16)
    assert (batch["lr"][:, 0] - batch["lr"][:, 1]).std() == pytest.approx(0.01 * 2**0.5, rel=0.2)


def test_balanced_by_land_cover_every_kind_is_drawn_as_often(tmp_path):
    path = index(tmp_path / "spot")
    data = module(path, land_cover="index")
    labels = {row.pair.site: row.land_cover for row in read_table(path)}
    weights = dict.fromkeys([labels[pair.site] for pair in data.crops.pairs], 0.0)
    for pair, weight in zip(data.crops.pairs, data.crops.weights, strict=True):
        weights[labels[pair.site]] += weight
    assert len(weights) > 1
    assert list(weights.values()) == [pytest.approx(1 / len(weights))] * len(weights)


def test_balanced_by_scene_classifications_and_by_spectral_indices(tmp_path):
    path = index(tmp_path / "spot")
    for seed in range(8):
        write_at(
            path.parent / f"scl{seed}.tif", np.full((1, 32, 32), 6 if seed % 4 else 4, np.uint8), None, f"site{seed}"
        )
    edit_table(path, lambda rows: [row.update(scl=f"scl{seed}.tif") for seed, row in enumerate(rows)])
    crops = module(path, land_cover="scl").crops
    watered = {f"site{seed}" for seed in range(8) if seed % 4}
    water = [weight for pair, weight in zip(crops.pairs, crops.weights, strict=True) if pair.site in watered]
    assert 0 < len(water) < len(crops.pairs)
    assert water == [pytest.approx(0.5 / len(water))] * len(water)
    edit_table(path, lambda rows: [row.update(scl="") for row in rows])
    with pytest.raises(InputError, match="scl"):
        module(path, land_cover="scl")
    with pytest.raises(InputError, match="missing"):
        module(path, land_cover="indices")
    path = index(tmp_path / "four", bands=RGBN)
    forest = np.full((4, 32, 32), 300, np.uint16)
    forest[3] = 4000
    for seed in (0, 3, 6):
        write_at(path.parent / f"lr{seed}_0.tif", forest, RGBN, f"site{seed}", 10)
    crops = module(path, land_cover="indices", bands=RGBN).crops
    wooded = [w for pair, w in zip(crops.pairs, crops.weights, strict=True) if pair.site in {"site0", "site3", "site6"}]
    assert 0 < len(wooded) < len(crops.pairs)
    assert wooded == [pytest.approx(0.5 / len(wooded))] * len(wooded)


def test_the_split_is_by_site(tmp_path):
    rows = read_table(index(tmp_path / "spot", count=10))
    sides = split_rows(rows)
    assert len(sides["val"]) == 2
    assert len(sides["train"]) == 8
    path = tmp_path / "spot" / "index.csv"
    edit_table(path, lambda rows: [row.update(split="train") for row in rows] and rows[0].update(split="val"))
    assert [row.pair.site for row in split_rows(read_table(path))["val"]] == ["site0"]
    edit_table(path, lambda rows: rows[1].update(site="site0"))
    with pytest.raises(InputError, match="site0"):
        split_rows(read_table(path))


def test_near_sites_of_a_given_split_are_named(tmp_path, caplog):
    path = index(tmp_path / "spot", count=2, dates=1)
    edit_table(path, lambda rows: [row.update(split=side) for row, side in zip(rows, ("train", "val"), strict=True)])
    for number in range(2):
        for name, gsd in ((f"hr{number}.tif", 2.5), (f"lr{number}_0.tif", 10)):
            with rasterio.open(path.parent / name, "r+") as out:
                out.transform = rasterio.transform.from_origin(5e5 + 1000 * number, 4e6, gsd, gsd)
    split_rows(read_table(path))
    assert "hr0.tif trains and hr1.tif validates" in caplog.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [row.pop("lr") for row in rows], "lacks"),
        (lambda rows: [row.update(cloud="1") for row in rows], "cloud"),
        (lambda rows: rows[3].update(lr_dates="2022-08-10"), "lr_dates"),
        (lambda rows: rows[3].update(hr_date="tomorrow, perhaps"), "tomorrow"),
        (lambda rows: [row.update(split="test") for row in rows], "'test'"),
        (lambda rows: [row.update(split="train") for row in rows], "side"),
        (lambda rows: [row.update(land_cover="") for row in rows], "Fill"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, change, words):
    path = edit_table(index(tmp_path / "spot"), change)
    with pytest.raises(InputError, match=words):
        module(path, land_cover="index")


@pytest.mark.parametrize("same", ["spelling", "link", "ground"])
def test_sites_that_share_a_file_or_ground_stay_on_one_side(tmp_path, same):
    path = index(tmp_path / "spot")
    folder = tmp_path / "spot"
    (folder / "link.tif").symlink_to(folder / "hr0.tif")
    write_at(folder / "ground.tif", scene_dn(128, 128, bands=3, seed=7), RGB, "site0")
    name = {"spelling": "../spot/hr0.tif", "link": "link.tif", "ground": "ground.tif"}[same]
    edit_table(path, lambda rows: rows[1].update(hr=name))
    for members in split_rows(read_table(path)).values():
        found = {row.pair.site for row in members}
        assert ("site0" in found) == ("site1" in found)
    edit_table(path, lambda rows: [row.update(split="val" if row["site"] == "site1" else "train") for row in rows])
    with pytest.raises(InputError, match="leaks"):
        split_rows(read_table(path))
