import numpy as np
import pytest
import rasterio
from scipy import ndimage

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.data.makers import RGBN, coarse, pair_folder, write_at
from tests.train.data.test_relation import ground, observed
from train.data.pair_check import compare, fitted_mtf
from train.data.pair_loader import Pair, PairLoader
from train.data.pair_split import split_pairs


def with_red_moved(lr):
    """Return LR whose first band is half a pixel below the others."""
    return np.concatenate([ndimage.shift(lr[:1], (0, 0.5, 0), mode="nearest"), lr[1:]])


@pytest.fixture
def pairs(tmp_path):
    """Write three pairs whose LR has the MTF 0.5; return a function that changes them and compares them."""
    (tmp_path / "hr").mkdir()
    (tmp_path / "lr").mkdir()

    def run(change=lambda lr: lr, **options):
        found = []
        for seed in range(3):
            lr, hr = observed(ground(seed, 4), 4, 0.5)
            name = f"place{seed}"
            for part, image, gsd in (("hr", hr, 2.5), ("lr", change(lr) if seed == 1 else lr, 10)):
                dn = (image * 10_000).round().clip(1, 60_000).astype(np.uint16)
                write_at(tmp_path / part / f"{name}.tif", dn, RGBN, name, gsd)
            found.append(Pair(name, tmp_path / "hr" / f"{name}.tif", (tmp_path / "lr" / f"{name}.tif",)))
        return compare(found, PairLoader(RGBN, 4, **options))

    return run


def test_good_pairs_give_their_blur_without_a_warning(pairs, caplog):
    found = pairs()
    assert found.mtf() == pytest.approx((0.5,) * 4, abs=0.03)
    assert caplog.text == ""
    assert "B08: MTF at Nyquist 0.50" in "\n".join(found.lines())
    assert fitted_mtf(found, (0.26,) * 4) == found.mtf()
    assert fitted_mtf(found, (0.49,) * 4) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lr: np.roll(lr, 1, 2), "shifted"),
        (lambda lr: 1.2 * lr, "other tones"),
        (lambda lr: lr + 0.05, "other tones"),
        (lambda lr: 0.5 * lr + 0.5 * np.roll(lr, (17, 23), (1, 2)), "correlate weakly"),
        (lambda lr: ndimage.gaussian_filter(lr, (0, 0.7, 0.7)), "Another blur"),
        (with_red_moved, "against each other"),
        (lambda lr: lr + np.random.default_rng(0).normal(0, 0.01, lr.shape), "RMSE"),
        (lambda lr: 20 * lr, "no reflectance"),
    ],
)
def test_what_spoils_a_training_is_named(pairs, caplog, change, words):
    pairs(change)
    assert words in caplog.text
    assert "place1" in caplog.text
    assert "place0" not in caplog.text


def test_pairs_of_two_places_are_refused_by_their_pixels(pairs):
    with pytest.raises(InputError, match="place1"):
        pairs(lambda lr: np.random.default_rng(0).permuted(lr.reshape(4, -1), axis=1).reshape(lr.shape))


@pytest.mark.parametrize("change", ["crs", "place"])
def test_pairs_of_two_places_are_refused_by_their_coordinates(tmp_path, change):
    pair_folder(tmp_path, count=3, side=96)
    with rasterio.open(tmp_path / "lr" / "place2.tif", "r+") as out:
        if change == "crs":
            out.crs = "EPSG:32633"
        else:
            out.transform = out.transform * rasterio.Affine.translation(50, 0)
    with pytest.raises(InputError, match="place2"):
        compare([pair for side in split_pairs(tmp_path).values() for pair in side], PairLoader(RGBN, 4))


def test_pairs_without_coordinates_are_compared_by_their_pixels(tmp_path):
    dn = scene_dn(96, 96, seed=3)
    np.save(tmp_path / "hr.npy", dn)
    np.save(tmp_path / "lr.npy", coarse(dn))
    found = compare([Pair("a", tmp_path / "hr.npy", (tmp_path / "lr.npy",))], PairLoader(RGBN, 4))
    assert found.correlation("a") > 0.9


def test_a_wrong_one_of_many_pairs_is_found(tmp_path, caplog):
    """Expect the check of all pairs, not only of those whose blur is fitted; a shift is warned of."""
    pair_folder(tmp_path, count=30, side=256)
    load, pairs = PairLoader(RGBN, 4), [pair for side in split_pairs(tmp_path).values() for pair in side]
    caplog.clear()
    found = compare(pairs, load)
    assert caplog.text == ""
    slow = set(found.relations)
    wrong, moved = [pair for pair in pairs if pair.site not in slow][3:5]
    for pair, change in ((wrong, np.rot90), (moved, lambda band: np.roll(band, 2, 0))):
        with rasterio.open(pair.lr[0], "r+") as out:
            out.write(np.stack([change(band) for band in out.read()]))
    with pytest.raises(InputError, match=wrong.site):
        compare(pairs, load)
    compare([pair for pair in pairs if pair != wrong], load)
    assert f"shifted against LR, LR pixels down and right: {moved.site} (-2.0" in caplog.text
